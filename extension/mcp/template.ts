/** Templates of resources (RFC 6570). */
import { UriTemplate } from '@modelcontextprotocol/client';
import { McpError } from '../core/mcp.ts';

const parse = (template: string): UriTemplate => {
  try {
    return new UriTemplate(template);
  } catch (error) {
    throw new McpError('The server offers an address that cannot be filled in.', { cause: error });
  }
};

/** @throws McpError for one that cannot be read */
export const templateVariables = (template: string): readonly string[] => [
  ...new Set(parse(template).variableNames),
];

/** @throws McpError */
export const expandTemplate = (template: string, values: Readonly<Record<string, string>>): string =>
  parse(template).expand({ ...values });
