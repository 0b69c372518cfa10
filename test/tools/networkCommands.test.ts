import assert from 'node:assert/strict';
import { networkProgram } from '../../extension/tools/networkCommands.ts';

const fetching: readonly (readonly [string, string])[] = [
  ['curl https://example.org', 'curl'],
  ['  /usr/bin/curl -s x', 'curl'],
  ['curl.exe x', 'curl'],
  ['"curl" x', 'curl'],
  ['cd a && wget x', 'wget'],
  ['cat urls | xargs -n 1 curl', 'curl'],
  ['sudo -n timeout 5s curl x', 'curl'],
  ['TOKEN=1 env A=b curl x', 'curl'],
  ['echo $(curl x)', 'curl'],
  ['echo "`curl x`"', 'curl'],
  ["sh -c 'cd a; curl x'", 'curl'],
  ['bash -lc "curl x"', 'curl'],
  ['if curl x; then true; fi', 'curl'],
  ['true\ncurl x', 'curl'],
  ['http GET example.org', 'http'],
  ['gh api repos/a/b', 'gh'],
  ['git fetch --all', 'git'],
  ['git -C sub -c a=b pull', 'git'],
  ['git clone x', 'git'],
  ['git remote update', 'git'],
  ['git submodule update --init', 'git'],
  ['npm view left-pad readme', 'npm'],
  ['npm --prefix app view x', 'npm'],
  ['pip download x', 'pip'],
  ['Invoke-WebRequest x', 'invoke-webrequest'],
];

const local: readonly string[] = [
  '',
  'ls',
  'npm test',
  'npm run view',
  'git status',
  'git log --grep fetch',
  'git commit -m "fetch and pull"',
  'git remote -v',
  'git submodule status',
  'echo curl',
  'grep -r "curl " .',
  'cat curl.md',
  'node http.js',
  './gh-pages.sh',
];

describe('networkProgram', () => {
  for (const [line, program] of fetching) {
    it(`knows ${JSON.stringify(line)}`, () => assert.equal(networkProgram(line), program));
  }
  for (const line of local) {
    it(`leaves ${JSON.stringify(line)}`, () => assert.equal(networkProgram(line), undefined));
  }
});
