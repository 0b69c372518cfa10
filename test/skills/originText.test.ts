import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  gitAddressProblem,
  isSameOrigin,
  labelOfOrigin,
  readOriginText,
} from '../../extension/skills/originText.ts';

const origin = (text: string, home?: string) => {
  const answer = readOriginText(text, home);
  assert.ok('origin' in answer, 'problem' in answer ? answer.problem : '');
  return answer.origin;
};
const problem = (text: string): string => {
  const answer = readOriginText(text);
  assert.ok('problem' in answer, JSON.stringify(answer));
  return answer.problem;
};

describe('what a person types to install from', () => {
  it('knows repositories', () => {
    const github = 'https://github.com/anthropics/skills';
    const git = (url: string, ref?: string, path?: string) => ({
      kind: 'git',
      url,
      ...(ref === undefined ? {} : { ref }),
      ...(path === undefined ? {} : { path }),
    });
    const table: [string, unknown][] = [
      ['anthropics/skills', git(github)],
      ['  "anthropics/skills.git" ', git(github)],
      ['anthropics/skills#main:skills/pdf', git(github, 'main', 'skills/pdf')],
      ['anthropics/skills#feature/x:./skills/pdf/', git(github, 'feature/x', 'skills/pdf')],
      ['anthropics/skills#:skills', git(github, undefined, 'skills')],
      ['github.com/anthropics/skills', git(github)],
      [`${github}/`, git(github)],
      [`${github}?tab=readme-ov-file`, git(github)],
      [`${github}/tree/main`, git(github, 'main')],
      [`${github}/tree/v1.0/skills/pdf`, git(github, 'v1.0', 'skills/pdf')],
      [`${github}/blob/main/skills/pdf/SKILL.md`, git(github, 'main', 'skills/pdf')],
      ['https://gitlab.com/a/b/c/-/tree/main/x%20y', git('https://gitlab.com/a/b/c', 'main', 'x y')],
      ['https://host.example/a.git#v1', git('https://host.example/a.git', 'v1')],
      ['git@github.com:a/b.git#main:x', git('git@github.com:a/b.git', 'main', 'x')],
      ['ssh://git@host.example:22/a/b#v2', git('ssh://git@host.example:22/a/b', 'v2')],
    ];
    for (const [text, expected] of table) assert.deepEqual(origin(text), expected, text);
  });

  it('knows folders and zip files', () => {
    assert.deepEqual(origin('/home/me/skills/'), { kind: 'folder', folder: '/home/me/skills' });
    assert.deepEqual(origin('/home/me/pdf.ZIP'), { kind: 'zip', file: '/home/me/pdf.ZIP' });
    assert.deepEqual(origin('C:\\me\\pdf'), { kind: 'folder', folder: 'C:\\me\\pdf' });
    assert.deepEqual(origin('~/pdf', '/home/me'), { kind: 'folder', folder: '/home/me/pdf' });
    assert.deepEqual(origin('/'), { kind: 'folder', folder: '/' });
    if (process.platform !== 'win32') {
      assert.deepEqual(origin('file:///home/me/a%20b'), { kind: 'folder', folder: '/home/me/a b' });
    }
  });

  it('refuses in words what is not safe', () => {
    const table: [string, RegExp][] = [
      ['http://host.example/a/b', /https/],
      ['git://host.example/a/b', /https/],
      ['ext::sh -c touch% /tmp/x', /control characters|spaces|programs/],
      ['ext::sh', /start programs/],
      ['fd::17', /start programs/],
      ['ftp://host.example/a', /not supported/],
      ['--upload-pack=touch', /begins with "-"/],
      ['-u', /begins with "-"/],
      ['ssh://-oProxyCommand=x/a', /valid address|begin with "-"/],
      ['-x@host:a', /begins with "-"/],
      ['git@host:-x', /Give owner/],
      ['https://me:secret@host.example/a', /password/],
      ['https://token@host.example/a', /password/],
      ['a/b\u0000', /control/],
      ['a/b\u202etxt', /invisible/],
      ['a/b#--x', /branch/],
      ['a/b#main..x', /branch/],
      ['a/b#main:../x', /leads out/],
      ['a/b#main:/etc/..', /leads out/],
      ['https://host.example/a.zip', /Download it yourself/],
      ['\\\\server\\share', /other computers/],
      ['./skill', /Give owner/],
      ['skill', /Give owner/],
      ['', /Give owner/],
      ['a/..', /Give owner/],
      ['https://', /valid address/],
      ['x'.repeat(3_000), /too long/],
    ];
    for (const [text, pattern] of table) assert.match(problem(text), pattern, text);
  });

  it('never answers a git origin that is an option or of another protocol', () => {
    const piece = fc.constantFrom(
      ...[
        '-',
        'ext::',
        'https://',
        'ssh://',
        'git@',
        'file:',
        'a',
        '/',
        ':',
        '#',
        '..',
        '@',
        '%2d',
        '%00',
        ' ',
        'x.y',
      ],
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (given) => {
        const answer = readOriginText(given);
        if (!('origin' in answer) || answer.origin.kind !== 'git') return;
        const { url, ref = 'x', path = 'x' } = answer.origin;
        assert.equal(gitAddressProblem(url), undefined);
        assert.match(url, /^(https:\/\/|ssh:\/\/|[\w.][\w.-]*@)/);
        assert.ok(!ref.startsWith('-') && !path.startsWith('-x/../') && !path.split('/').includes('..'));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('origins', () => {
  it('are shown without what nobody needs', () => {
    assert.equal(labelOfOrigin(origin('anthropics/skills#main:pdf')), 'github.com/anthropics/skills/pdf');
    assert.equal(labelOfOrigin(origin('git@github.com:a/b.git')), 'github.com/a/b');
    assert.equal(labelOfOrigin(origin('ssh://git@host.example/a/b')), 'host.example/a/b');
    assert.equal(labelOfOrigin(origin('/home/me/pdf.zip')), '/home/me/pdf.zip');
  });

  it('are the same repository by any ref, path and protocol', () => {
    assert.ok(isSameOrigin(origin('a/b'), origin('git@github.com:a/b.git#v2:x')));
    assert.ok(!isSameOrigin(origin('a/b'), origin('a/c')));
    assert.ok(!isSameOrigin(origin('a/b'), origin('/a/b')));
    assert.ok(isSameOrigin(origin('/x/pdf-1.zip'), origin('/y/pdf-2.zip')));
  });
});
