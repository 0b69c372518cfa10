/** What a person is shown before a server's first start, and the hash that their answer is bound to. */
import { createHash } from 'node:crypto';
import type { McpConsent } from '../core/mcp.ts';
import type { McpServerConfig } from '../shared/mcp.ts';
import { baseFolderOf, type Expanded, expandConfig, pathsOf, type ResolvePorts } from './configResolve.ts';
import { addressWarnings, hiddenWarnings, startWarnings } from './consentWarnings.ts';
import { type EnvFile, readEnvFile } from './envFile.ts';
import { isSecretName } from './secretNames.ts';
import { filledText, literalOf, type Part, textsOf } from './variables.ts';
import { shellWord, visibleLine } from './visibleText.ts';

/** Another form of what is hashed is another version: approvals of the old one do not count. */
const version = 1;

/** Placeholders stay, as `‹input:token›`. */
const shownParts = (parts: readonly Part[]): string =>
  parts
    .map((part) => {
      if (typeof part === 'string') return visibleLine(part);
      if ('input' in part) return `‹input:${visibleLine(part.input)}›`;
      const otherwise = part.fallback === undefined ? '' : `, else ${visibleLine(part.fallback)}`;
      return `‹env:${visibleLine(part.env)}${otherwise}›`;
    })
    .join('');

/** The same without what is written out in the file: it is a secret. */
const maskedParts = (parts: readonly Part[]): string =>
  parts
    .map((part) => {
      if (typeof part === 'string') return '‹hidden›';
      if ('input' in part || part.fallback === undefined) return shownParts([part]);
      return `‹env:${visibleLine(part.env)}, else hidden›`;
    })
    .join('');

/** With placeholders, for judging only. */
const judgedText = (parts: readonly Part[]): string =>
  parts
    .map((part) =>
      typeof part === 'string' ? part : 'input' in part ? `‹input›` : (part.fallback ?? `‹env›`),
    )
    .join('');

const quoted = (parts: readonly Part[]): string => shellWord(shownParts(parts));

/** The content of a file whose path has variables of the environment counts too. */
const findEnvFile = async (
  parts: readonly Part[],
  config: McpServerConfig,
  ports: ResolvePorts,
): Promise<EnvFile> => {
  try {
    const values = {
      environment: ports.environment(),
      ignoresCase: ports.platform === 'win32',
      inputs: new Map<string, string>(),
    };
    const base = baseFolderOf(config, ports);
    return await readEnvFile(pathsOf(ports.platform).resolve(base, filledText(parts, values)));
  } catch {
    return { kind: 'unreadable', reason: 'a variable in its name has no value' };
  }
};

const envFileFact = (parts: readonly Part[], found: EnvFile): string => {
  if (found.kind === 'unreadable')
    return `Environment file: ${shownParts(parts)} (cannot be read: ${found.reason})`;
  const names = found.values.map(([name]) => visibleLine(name));
  const sets = names.length === 0 ? 'sets nothing' : `sets ${names.join(', ')}`;
  return `Environment file: ${shownParts(parts)} (${sets}; SHA-256 ${found.hash})`;
};

const startFacts = (
  expanded: Extract<Expanded, { type: 'stdio' }>,
  envFile: EnvFile | undefined,
): string[] => [
  `Command: ${[expanded.command, ...expanded.args].map(quoted).join(' ')}`,
  `Folder: ${shownParts(expanded.cwd)}`,
  ...expanded.env.map(([name, value]) => `Environment variable ${visibleLine(name)}: ${shownParts(value)}`),
  ...(expanded.envFile === undefined || envFile === undefined
    ? []
    : [envFileFact(expanded.envFile, envFile)]),
];

const addressFacts = (expanded: Exclude<Expanded, { type: 'stdio' }>): string[] => [
  `Address: ${shownParts(expanded.url)}`,
  `Protocol: ${expanded.type === 'sse' ? 'SSE' : 'streamable HTTP'}`,
  ...expanded.headers.map(([name, value]) => `Header ${visibleLine(name)}: ${shownParts(value)}`),
  ...(expanded.oauth?.clientId === undefined
    ? []
    : [`Sign-in as client: ${shownParts(expanded.oauth.clientId)}`]),
  ...(expanded.oauth?.clientSecret === undefined
    ? []
    : [`Sign-in with the client's secret: ${maskedParts(expanded.oauth.clientSecret)}`]),
  ...(expanded.oauth?.scopes === undefined
    ? []
    : [`Sign-in asks for: ${expanded.oauth.scopes.map(shownParts).join(' ')}`]),
];

/** Arrays only: their order is all there is to it. */
const hashedForm = (expanded: Expanded, envFile: EnvFile | undefined): unknown =>
  expanded.type === 'stdio'
    ? [
        'stdio',
        expanded.command,
        expanded.args,
        expanded.env,
        expanded.cwd,
        expanded.envFile === undefined
          ? null
          : [expanded.envFile, envFile?.kind === 'read' ? envFile.hash : 'unreadable'],
      ]
    : [
        expanded.type,
        expanded.url,
        expanded.headers,
        expanded.oauth?.clientId ?? null,
        expanded.oauth?.clientSecret ?? null,
        expanded.oauth?.scopes ?? null,
      ];

/** Placeholders as pairs with fixed places; a literal text stays a text, so that none can pass for a placeholder. */
const canonical = (_key: string, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  if ('input' in value) return ['input', [value.input]];
  if ('env' in value) return ['env', [value.env, 'fallback' in value ? value.fallback : null]];
  return value;
};

/** Of a file that others wrote: what it takes of the person's environment. The address may be theirs, too. */
const secretsTaken = (expanded: Expanded, { source }: McpServerConfig): readonly string[] => {
  if (source.place === 'user') return [];
  const texts =
    expanded.type === 'stdio'
      ? [expanded.command, ...expanded.args, ...expanded.env.map(([, value]) => value)]
      : [expanded.url, ...expanded.headers.map(([, value]) => value), expanded.oauth?.clientSecret ?? []];
  const names = texts.flat().flatMap((part) => (typeof part !== 'string' && 'env' in part ? [part.env] : []));
  const secret = [...new Set(names)].filter(isSecretName).map(visibleLine);
  return secret.length > 0 ? [`it is given ${secret.join(', ')} out of your own environment`] : [];
};

const placeFact = ({ source }: McpServerConfig): string =>
  `Configured in: ${visibleLine(source.label)} (${visibleLine(source.file)})`;

/** @throws McpError naming the variable that has no value */
export const consentOf = async (config: McpServerConfig, ports: ResolvePorts): Promise<McpConsent> => {
  const expanded = expandConfig(config, ports);
  const { name, source } = config;
  const envFile =
    expanded.type === 'stdio' && expanded.envFile !== undefined
      ? await findEnvFile(expanded.envFile, config, ports)
      : undefined;
  const form = [version, source.place, source.folder ?? null, name, hashedForm(expanded, envFile)];
  const hash = createHash('sha256').update(JSON.stringify(form, canonical)).digest('hex');
  const fileValues = envFile?.kind === 'read' ? envFile.values : [];
  const texts = [name, ...textsOf(config.transport), ...fileValues.map(([each]) => each)];
  if (expanded.type !== 'stdio') {
    const named = Object.keys(config.transport.type === 'stdio' ? {} : config.transport.headers);
    return {
      hash,
      facts: [`Server: ${visibleLine(name)}`, ...addressFacts(expanded), placeFact(config)],
      warnings: [
        ...addressWarnings(judgedText(expanded.url), shownParts(expanded.url)),
        ...secretsTaken(expanded, config),
        ...hiddenWarnings([...texts, ...named]),
      ],
    };
  }
  const environmentNames = [...expanded.env.map(([each]) => each), ...fileValues.map(([each]) => each)];
  const warnings = startWarnings({
    platform: ports.platform,
    command: judgedText(expanded.command),
    args: expanded.args.map(judgedText),
    environmentNames,
    cwd: judgedText(expanded.cwd),
    folders: ports.folders().map((folder) => folder.path),
  });
  return {
    hash,
    facts: [`Server: ${visibleLine(name)}`, ...startFacts(expanded, envFile), placeFact(config)],
    warnings: [
      ...(literalOf(expanded.command) === undefined
        ? ['the program is known only when its variables are filled in']
        : []),
      ...warnings.map(visibleLine),
      ...secretsTaken(expanded, config),
      ...hiddenWarnings([...texts, ...environmentNames]),
    ],
  };
};
