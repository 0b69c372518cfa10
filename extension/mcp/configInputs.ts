/** `inputs` of a configuration file: what a person is asked for. */
import type { McpInput } from '../shared/mcp.ts';
import { type Fields, fieldOf, filledField, flagField, textField } from './configFields.ts';
import { fieldsOf, type JsonNode, jsonOf, NodeProblem } from './configNodes.ts';
import { isSecretName } from './secretNames.ts';

/** Of one file. */
const mostInputs = 1_000;

export interface ParsedInputs {
  readonly inputs: ReadonlyMap<string, McpInput>;
  readonly problems: readonly NodeProblem[];
}

/** Texts, or VS Code's pairs of a label and a value. */
const optionsOf = (fields: Fields, at: number): readonly string[] => {
  const node = fieldOf(fields, 'options');
  const options = (node?.type === 'array' ? (node.children ?? []) : []).map((child) => {
    const value = jsonOf(child.type === 'object' ? (fieldsOf(child).get('value') ?? child) : child);
    if (typeof value === 'string') return value;
    throw new NodeProblem(child.offset, '`options` of an input has to be a list of strings');
  });
  if (options.length > 0) return options;
  throw new NodeProblem(
    node?.offset ?? at,
    'an input of the type pickString needs `options`, a list of strings',
  );
};

const parseInput = (node: JsonNode): McpInput => {
  if (node.type !== 'object') throw new NodeProblem(node.offset, 'each of `inputs` has to be an object');
  const fields = fieldsOf(node);
  const id = filledField(fields, 'id');
  if (id === undefined) throw new NodeProblem(node.offset, 'an input needs an `id`');
  if (id.includes('}')) throw new NodeProblem(node.offset, 'the `id` of an input must not have a }');
  const type = textField(fields, 'type') ?? 'promptString';
  if (type !== 'promptString' && type !== 'pickString') {
    throw new NodeProblem(
      fields.get('type')?.offset ?? node.offset,
      `the input "${id}" is of the type "${type}", which is not supported: use promptString or pickString`,
    );
  }
  const preset = textField(fields, 'default');
  return {
    id,
    description: textField(fields, 'description') ?? id,
    isSecret: type === 'promptString' && (flagField(fields, 'password') === true || isSecretName(id)),
    ...(preset !== undefined && { default: preset }),
    ...(type === 'pickString' && { options: optionsOf(fields, node.offset) }),
  };
};

export const parseInputs = (node: JsonNode | undefined): ParsedInputs => {
  const inputs = new Map<string, McpInput>();
  const problems: NodeProblem[] = [];
  if (node === undefined || node.type === 'null') return { inputs, problems };
  if (node.type !== 'array') {
    return { inputs, problems: [new NodeProblem(node.offset, '`inputs` has to be a list of objects')] };
  }
  const children = node.children ?? [];
  const further = children[mostInputs];
  if (further !== undefined) {
    problems.push(
      new NodeProblem(
        further.offset,
        `\`inputs\` has more than ${mostInputs}: those from here on are left out`,
      ),
    );
  }
  for (const child of children.slice(0, mostInputs)) {
    try {
      const input = parseInput(child);
      inputs.set(input.id, input);
    } catch (error) {
      if (!(error instanceof NodeProblem)) throw error;
      problems.push(error);
    }
  }
  return { inputs, problems };
};
