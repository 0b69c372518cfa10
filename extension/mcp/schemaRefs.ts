/** References within a JSON Schema. */
import type { JsonObject, JsonValue } from '../shared/message.ts';

const unescaped = (part: string): string => {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return part;
  }
};

const below = (value: JsonValue, name: string): JsonValue | undefined => {
  if (Array.isArray(value)) return /^\d{1,6}$/.test(name) ? value[Number(name)] : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.hasOwn(value, name) ? value[name] : undefined;
};

/** `$anchor` and `$id` of definitions, which a reference may name instead of a place. */
const named = (root: JsonObject, name: string): JsonValue | undefined =>
  [root.$defs, root.definitions]
    .flatMap((list) => (typeof list === 'object' && list !== null ? Object.values(list) : []))
    .find((each) => {
      const [anchor, id] = [below(each, '$anchor'), below(each, '$id')];
      return anchor === name.slice(1) || id === name;
    });

/** @returns undefined for what is not in this schema */
export const resolveRef = (root: JsonObject, ref: string): JsonValue | undefined => {
  if (ref === '#') return root;
  if (!ref.startsWith('#/')) return named(root, ref);
  return ref
    .slice(2)
    .split('/')
    .map(unescaped)
    .reduce<JsonValue | undefined>(
      (value, name) => (value === undefined ? undefined : below(value, name)),
      root,
    );
};
