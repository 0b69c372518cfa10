/** A server of another program as an entry of ours: secrets go out of it, and are asked for by `${input:…}`. */
import type { McpImportable } from '../core/mcp.ts';
import { cutText } from '../core/text.ts';
import type { McpInput, McpServerConfig } from '../shared/mcp.ts';
import type { JsonObject } from '../shared/message.ts';
import { objectOf } from './configNodes.ts';
import { isSecretForm, isSecretName } from './secretNames.ts';
import { withVariables } from './variables.ts';
import { shellWord, visibleLine } from './visibleText.ts';

/** Ids of inputs that are taken, with the value each has; undefined: it is not known. */
export type TakenIds = Map<string, string | undefined>;

const idWord = (text: string): string =>
  text
    .slice(0, 100)
    .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '') || 'server';

const scheme = /^(Bearer|Basic|Token|ApiKey)\s+(.+)$/i;
/** `postgres://user:password@host` */
const password = /^([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)(?!\d+\/)([^\s@]+)(@.+)$/i;
const flag = /^--?([A-Za-z][\w-]*)$/;
/** `--api-key=…`, and `API_KEY=…` as containers take it. */
const flagWithValue = /^((?:--?)?([A-Za-z_][\w-]*)=)(.+)$/;
const queryField = /([?&])([^?=&#]+)=([^&#]+)/g;

const hasVariable = (text: string): boolean => text.includes('${');

export const importEntry = (config: McpServerConfig, taken: TakenIds): McpImportable => {
  const inputs: JsonObject[] = [];
  const secrets = new Map<string, string>();
  const renamed = new Map<string, string>();

  const freeId = (wanted: string, value: string | undefined): string => {
    for (let count = 1; ; count += 1) {
      const id = count === 1 ? wanted : `${wanted}-${count}`;
      const isSame = value !== undefined && taken.get(id) === value;
      if (taken.has(id) && !isSame) continue;
      taken.set(id, value);
      return id;
    }
  };
  const keep = (field: string, value: string): string => {
    const id = freeId(`${idWord(config.name)}.${idWord(field)}`, value);
    if (!secrets.has(id)) {
      const description = `${field} of the MCP server ${config.name}`;
      inputs.push({ type: 'promptString', id, description, password: true });
    }
    secrets.set(id, value);
    return `\${input:${id}}`;
  };
  /** Inputs of the other program get ids of their own here: another server may use the same word. */
  const renameInput = (input: McpInput): void => {
    const id = freeId(`${idWord(config.name)}.${idWord(input.id)}`, undefined);
    renamed.set(input.id, id);
    inputs.push({
      type: input.options === undefined ? 'promptString' : 'pickString',
      id,
      description: input.description,
      ...(input.isSecret && { password: true }),
      ...(input.default !== undefined && { default: input.default }),
      ...(input.options !== undefined && { options: [...input.options] }),
    });
  };
  for (const input of config.inputs) renameInput(input);
  const withNewIds = (text: string): string =>
    withVariables(text, (name) => {
      const other = name.startsWith('input:') ? renamed.get(name.slice('input:'.length)) : undefined;
      return other === undefined ? undefined : `\${input:${other}}`;
    });

  const valueText = (name: string, value: string): string => {
    if (hasVariable(value)) return withNewIds(value);
    const [, kind, token] = scheme.exec(value) ?? [];
    if (kind !== undefined && token !== undefined) return `${kind} ${keep(name, token)}`;
    const isSecret = value !== '' && (isSecretName(name) || isSecretForm(value) || password.test(value));
    return isSecret ? keep(name, value) : value;
  };
  const named = (record: Readonly<Record<string, string>>): JsonObject =>
    objectOf(Object.entries(record).map(([name, value]) => [name, valueText(name, value)]));

  const argumentText = (value: string, before: string | undefined): string => {
    if (hasVariable(value)) return withNewIds(value);
    if (/^https?:\/\//i.test(value)) return addressText(value);
    const [, name] = flag.exec(before ?? '') ?? [];
    if (name !== undefined && isSecretName(name) && !value.startsWith('-')) return keep(name, value);
    const [, start, ownName, own] = flagWithValue.exec(value) ?? [];
    if (start !== undefined && ownName !== undefined && own !== undefined) {
      return isSecretName(ownName) || isSecretForm(own) || password.test(own)
        ? start + keep(ownName, own)
        : value;
    }
    // `--header 'Authorization: Bearer …'`, as bridges take it.
    const [, header, token] = /^([A-Za-z-]+:\s*(?:(?:Bearer|Basic|Token)\s+)?)(\S+)$/i.exec(value) ?? [];
    if (header !== undefined && token !== undefined && isSecretName(header.split(':')[0] ?? '')) {
      return header + keep(header.split(':')[0] ?? '', token);
    }
    return isSecretForm(value) || password.test(value) ? keep('argument', value) : value;
  };
  const segmentText = (segment: string): string =>
    !hasVariable(segment) && isSecretForm(segment) ? keep('address', segment) : segment;
  const addressText = (url: string): string => {
    const found = hasVariable(url) ? withNewIds(url) : url;
    return (
      found
        .replace(password, (_whole, start: string, word: string, end: string) =>
          hasVariable(word) ? start + word + end : start + keep('password', word) + end,
        )
        // Some addresses are the key themselves.
        .replace(/^(https?:\/\/[^/?#]*)([^?#]*)/i, (_whole, host: string, rest: string) =>
          [host, ...rest.split('/').slice(1).map(segmentText)].join('/'),
        )
        .replaceAll(queryField, (whole, mark: string, name: string, value: string) =>
          !hasVariable(value) && (isSecretName(name) || isSecretForm(value))
            ? `${mark}${name}=${keep(name, value)}`
            : whole,
        )
    );
  };

  const { transport } = config;
  const common = {
    ...(config.callTimeoutMs !== 600_000 && { callTimeout: config.callTimeoutMs / 1_000 }),
  };
  if (transport.type === 'stdio') {
    const args = transport.args.map((arg, index) => argumentText(arg, transport.args[index - 1]));
    const command = withNewIds(transport.command);
    const entry: JsonObject = {
      type: 'stdio',
      command,
      args,
      ...(Object.keys(transport.env).length > 0 && { env: named(transport.env) }),
      ...(transport.envFile !== undefined && { envFile: withNewIds(transport.envFile) }),
      ...(transport.cwd !== undefined && { cwd: withNewIds(transport.cwd) }),
      ...common,
    };
    const summary = [command, ...args].map((word) => shellWord(visibleLine(word))).join(' ');
    return {
      name: config.name,
      entry,
      inputs,
      secrets: Object.fromEntries(secrets),
      summary: cutText(summary, 200),
    };
  }
  const url = addressText(transport.url);
  const entry: JsonObject = {
    type: transport.type,
    url,
    ...(Object.keys(transport.headers).length > 0 && { headers: named(transport.headers) }),
    ...(transport.oauth !== undefined && {
      oauth: {
        ...(transport.oauth.clientId !== undefined && { clientId: withNewIds(transport.oauth.clientId) }),
        ...(transport.oauth.clientSecret !== undefined && {
          clientSecret: valueText('clientSecret', transport.oauth.clientSecret),
        }),
        ...(transport.oauth.scopes !== undefined && { scopes: transport.oauth.scopes.map(withNewIds) }),
      },
    }),
    ...common,
  };
  return {
    name: config.name,
    entry,
    inputs,
    secrets: Object.fromEntries(secrets),
    summary: cutText(visibleLine(url), 200),
  };
};
