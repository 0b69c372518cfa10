/** What a person types or pastes to say where a skill comes from. */
import { fileURLToPath } from 'node:url';
import type { InstallOrigin } from '../core/skills.ts';
import { pathProblem } from './stagedTree.ts';

export type OriginAnswer = { readonly origin: InstallOrigin } | { readonly problem: string };

const longestText = 2_000;
const help =
  'Give owner/repo (of GitHub), an https or ssh address of a git repository, with #ref:path for a part of it, or the whole path of a folder or a zip file.';

const no = (problem: string): OriginAnswer => ({ problem });

const isRef = (text: string): boolean =>
  text.length <= 250 &&
  /^[\p{L}\p{N}_][\p{L}\p{N}_./+@-]*$/u.test(text) &&
  !/\.\.|@\{|\/\/|\/$|\.$|\.lock$/.test(text);

/** `scp`'s way: `git@host:owner/repo`. */
const scpAddress = /^[\w.][\w.-]*@[A-Za-z0-9[][\w.:\]-]*:[^:\-\s][^:\s]*$/;

/**
 * Why git must not be given this address. It is asked again before each fetch: addresses are also read from files.
 * @param protocols without colon; the two that are known to start nothing but a transfer
 */
export const gitAddressProblem = (
  url: string,
  protocols: readonly string[] = ['https', 'ssh'],
): string | undefined => {
  if (url.startsWith('-')) return 'An address must not begin with "-".';
  if (/[\p{Cc}\s]/u.test(url)) return 'An address must not have spaces or control characters.';
  if (/^[A-Za-z0-9+.-]+::/.test(url)) {
    return 'Addresses with "::" start programs; they are not supported.';
  }
  if (!url.includes('://')) {
    return protocols.includes('ssh') && scpAddress.test(url) ? undefined : help;
  }
  const parsed = URL.parse(url);
  if (parsed === null) return `This is not a valid address. ${help}`;
  const protocol = parsed.protocol.slice(0, -1);
  if (protocol === 'http' || protocol === 'git') {
    return `${protocol}: sends without protection, so that anybody on the way can change the skill. Use https:.`;
  }
  if (!protocols.includes(protocol)) return `${protocol}: is not supported. Use https: or ssh:.`;
  if (parsed.password !== '' || (protocol === 'https' && parsed.username !== '')) {
    return 'The address has a name or a password in it; they would be kept with the skill. Take them out and let git ask its credential helper.';
  }
  // ssh would take such a host, or user, for one of its options.
  if (parsed.hostname.startsWith('-') || parsed.username.startsWith('-')) {
    return 'An address must not begin with "-".';
  }
  if (protocol !== 'file' && (parsed.hostname === '' || parsed.pathname.length < 2)) {
    return `This is not the address of a repository. ${help}`;
  }
  return undefined;
};

/** @param fragment what follows `#`: `ref`, `ref:path`, `:path` */
const fromGit = (url: string, fragment: string): OriginAnswer => {
  const problem = gitAddressProblem(url);
  if (problem !== undefined) return no(problem);
  const colon = fragment.indexOf(':');
  const ref = colon < 0 ? fragment : fragment.slice(0, colon);
  const part = (colon < 0 ? '' : fragment.slice(colon + 1)).replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
  if (ref !== '' && !isRef(ref)) return no(`"${ref}" cannot be the name of a branch, a tag or a commit.`);
  const wrong = part === '' ? undefined : pathProblem(part);
  if (wrong !== undefined)
    return no(`The path after ":" ${wrong}. Give a folder of the repository, like skills/pdf.`);
  return {
    origin: {
      kind: 'git',
      url,
      ...(ref === '' ? {} : { ref }),
      ...(part === '' ? {} : { path: part }),
    },
  };
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** As copied from a browser: `/tree/<ref>/<path>` of GitHub, `/-/tree/<ref>/<path>` of GitLab. */
const fromPage = (address: URL): OriginAnswer | undefined => {
  const match = /^\/([^/]+\/.*?)(?:\/-)?\/(tree|blob)\/([^/]+)(?:\/(.*))?$/.exec(address.pathname);
  const [, repository, kind, ref, rest = ''] = match ?? [];
  if (repository === undefined || ref === undefined) return undefined;
  const part = decoded(rest).replace(/\/+$/, '');
  // Of a file, its folder: people copy the address of SKILL.md.
  const folder = kind === 'blob' ? part.split('/').slice(0, -1).join('/') : part;
  return fromGit(`https://${address.host}/${repository}`, `${decoded(ref)}:${folder}`);
};

const fromAddress = (text: string): OriginAnswer => {
  const hash = text.indexOf('#');
  const bare = hash < 0 ? text : text.slice(0, hash);
  const fragment = hash < 0 ? '' : decoded(text.slice(hash + 1));
  const problem = gitAddressProblem(bare);
  if (problem !== undefined) return no(problem);
  const parsed = URL.parse(bare);
  if (parsed?.protocol !== 'https:') return fromGit(bare, fragment);
  if (/\.zip$/i.test(parsed.pathname)) {
    return no('Zip files are not downloaded. Download it yourself, then give the path of the file.');
  }
  const page = fromPage(parsed);
  if (page !== undefined) return page;
  // A query chooses what the page shows, never what git fetches.
  return fromGit(`https://${parsed.host}${parsed.pathname.replace(/\/+$/, '')}`, fragment);
};

const fromPath = (file: string): OriginAnswer =>
  /\.(zip|skill)$/i.test(file)
    ? { origin: { kind: 'zip', file } }
    : { origin: { kind: 'folder', folder: file.replace(/(?<=[^/\\:])[/\\]+$/, '') } };

/**
 * @param home absolute path that `~/` stands for
 * @returns where to install from, or in words why this is no place to install from
 */
export const readOriginText = (given: string, home?: string): OriginAnswer => {
  const text = given.trim().replace(/^(["'])(.*)\1$/, '$2');
  if (text === '') return no(help);
  if (text.length > longestText) return no('This is too long for an address.');
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text))
    return no('This has control or invisible characters in it. Type it by hand.');
  if (text.startsWith('-')) return no('This begins with "-", like an option of a program.');
  if (/^[A-Za-z]:[\\/]/.test(text) || (text.startsWith('/') && !text.startsWith('//'))) return fromPath(text);
  if (home !== undefined && /^~[/\\]/.test(text)) return fromPath(`${home}${text.slice(1)}`);
  if (text.startsWith('\\\\') || text.startsWith('//')) {
    return no('Folders of other computers are not supported. Copy it to this one first.');
  }
  if (/^file:/i.test(text)) {
    try {
      return fromPath(fileURLToPath(text));
    } catch {
      return no('This file: address is not of a folder on this computer.');
    }
  }
  if (/^[A-Za-z0-9+.-]+:(:|\/\/)/.test(text) || /^[^/#\s]+@[^/#\s]+:/.test(text)) return fromAddress(text);
  if (/^(www\.)?(github|gitlab)\.com\//i.test(text)) return fromAddress(`https://${text}`);
  const [, owner, repository, fragment = ''] =
    /^([A-Za-z0-9][A-Za-z0-9_-]*)\/([A-Za-z0-9_.-]+?)(?:\.git)?(?:#(.*))?$/.exec(text) ?? [];
  if (owner === undefined || repository === undefined || /^\.+$/.test(repository)) return no(help);
  return fromGit(`https://github.com/${owner}/${repository}`, fragment);
};

/** For people: `github.com/anthropics/skills`, `/home/me/skill.zip`. */
export const labelOfOrigin = (origin: InstallOrigin): string => {
  if (origin.kind === 'folder') return origin.folder;
  if (origin.kind === 'zip') return origin.file;
  const place = origin.url
    .replace(/^[a-z+]+:\/\/(?:[^/@]*@)?/, '')
    .replace(/^[\w.-]+@([^:]+):/, '$1/')
    .replace(/(\.git)?\/*$/, '');
  return origin.path === undefined ? place : `${place}/${origin.path}`;
};

/** Whether an update may come from there without being somebody else's skill of the same name. */
export const isSameOrigin = (a: InstallOrigin, b: InstallOrigin): boolean => {
  if (a.kind === 'git' && b.kind === 'git') {
    return labelOfOrigin({ kind: 'git', url: a.url }) === labelOfOrigin({ kind: 'git', url: b.url });
  }
  // A newer zip file has another name, and a folder may have moved: both are the person's own.
  return a.kind !== 'git' && b.kind !== 'git';
};
