import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ApprovalRequest } from '../../extension/core/approver.ts';
import type { ApprovalPrompt } from '../../extension/shared/event.ts';
import { answeredText, approvalText } from '../../extension/telegram/approvalText.ts';
import { coarseDiff } from '../../extension/telegram/coarseDiff.ts';
import { visible } from '../../extension/telegram/replyWords.ts';
import { readTelegramHtml } from '../fakes/telegramHtml.ts';

const request = (
  prompt: Partial<ApprovalPrompt>,
  changes: ApprovalRequest['changes'] = [],
): ApprovalRequest => ({
  jobId: 'job',
  agentName: 'Ann',
  step: {
    id: 'step',
    sessionId: 'session',
    messageId: 'message',
    callId: 'call',
    tool: 'run_command',
    input: {},
    title: 'npm test',
    effect: 'execute',
    targets: [],
  },
  prompt: {
    title: 'Run npm test?',
    detail: 'npm test\nin src',
    diffs: [],
    offers: [],
    reason: 'no rule covers it',
    isCautioned: false,
    ...prompt,
  },
  changes,
});

const id = 'abcdefghijklmnop';
const ask = (prompt: Partial<ApprovalPrompt>, changes?: ApprovalRequest['changes'], allowsRules = true) => {
  const { message, document } = approvalText(request(prompt, changes), id, { allowsRules, isNotice: false });
  const read = readTelegramHtml(message.html);
  if ('error' in read) assert.fail(read.error);
  assert.ok(read.text.length <= 4_096 && message.plain.length <= 4_096);
  return {
    message,
    text: read.text,
    document: document && { ...document, text: new TextDecoder().decode(document.bytes) },
  };
};
const offer = (label: string): ApprovalPrompt['offers'][number] => ({
  duration: 'session',
  matches: [],
  label,
});

describe('telegram approval text', () => {
  it('shows exactly what would run', () => {
    const { message, text, document } = ask({ detail: 'rm -rf "<b>" && echo & \nin src' });
    assert.match(message.html, /<pre>rm -rf &quot;&lt;b&gt;&quot; &amp;&amp; echo &amp; \nin src<\/pre>/);
    assert.match(text, /^❓ Run npm test\?\nAnn: no rule covers it\n⚠ Runs on the computer itself/);
    assert.match(text, new RegExp(`/approve ${id} or /deny ${id}$`));
    assert.equal(document, undefined);
    assert.deepEqual(
      message.buttons?.flat().map(({ data }) => data),
      ['o', 'd', 'x'].map((key) => `a1:${key}:${id}`),
    );
  });

  it('says where it runs', () => {
    assert.match(ask({ isSandboxed: true }).text, /Runs in the sandbox/);
    assert.match(ask({ isCautioned: true }).text, /^⚠️/);
  });

  it('offers more than once only where that is allowed, and all of it can be read', () => {
    const has = (prompt: Partial<ApprovalPrompt>, allowsRules: boolean): boolean =>
      ask(prompt, [], allowsRules)
        .message.buttons?.flat()
        .some(({ data }) => data === `a1:s:${id}`) === true;
    const offers = [offer('npm test in this chat')];
    assert.ok(has({ offers }, true));
    assert.match(ask({ offers }).text, /allows: npm test in this chat/);
    assert.ok(!has({ offers }, false));
    assert.ok(!has({ offers: [{ ...offer('x'), duration: 'workspace' }] }, true));
    assert.ok(!has({ offers: [offer('x'.repeat(301))] }, true));
  });

  it('says how much it leaves out, and has it in the document', () => {
    const detail = `${'echo hello; '.repeat(500)}rm -rf /`;
    const { text, document } = ask({ detail });
    assert.match(text, /… \+\d,\d{3} characters, whole in the document/);
    assert.equal(document?.name, `approval-${id}.txt`);
    assert.ok(document?.text.includes(detail));
  });

  it('makes visible in the document, too, what a viewer would hide or turn around', () => {
    const tail = 'rm -rf / \u202e# od ton seod siht\u2066\u200b';
    const { text, document } = ask({ detail: `${'echo hello;\r\n'.repeat(500)}${tail}` });
    assert.doesNotMatch(text, /202e/, 'it is not in the part that is shown');
    assert.ok(document?.text.includes('rm -rf / \\u{202e}# od ton seod siht\\u{2066}\\u{200b}'));
    assert.doesNotMatch(document?.text ?? '', /[\u202e\u2066\u200b]/);
    assert.ok(document?.text.includes('echo hello;\r\necho'), 'ends of lines stay as they are');
  });

  it('has changes of files in full', () => {
    const before = 'a\n'.repeat(5);
    const after = `${before}${'b\n'.repeat(3_000)}end`;
    const patch = '+b\n'.repeat(200);
    const diffs = [
      { path: 'a.ts', kind: 'changed', added: 3_001, removed: 0, patch, omittedLines: 2_801 } as const,
    ];
    const { text, document } = ask({ diffs, detail: 'a.ts' }, [
      { path: 'a.ts', file: '/a.ts', before, after },
    ]);
    assert.match(text, /📄 a\.ts {2}\+3001 −0\n\+b\n/);
    assert.match(text, /2,801 more lines, whole in the document/);
    assert.equal(document?.name, `approval-${id}.diff`);
    assert.equal(document?.text.match(/^\+b$/gm)?.length, 3_000);
    assert.match(document?.text ?? '', /\+end\n\\ No newline at end of file/);
  });

  it('has a document where a line of a patch was cut', () => {
    const patch = `+${'x'.repeat(500)}… [9 more characters]`;
    const diffs = [{ path: 'a.ts', kind: 'changed', added: 1, removed: 0, patch, omittedLines: 0 } as const];
    const long = `${'x'.repeat(509)}`;
    const { document } = ask({ diffs }, [{ path: 'a.ts', file: '/a.ts', before: '', after: long }]);
    assert.ok(document?.text.includes(`+${long}`));
  });

  it('has a document with files that found no room', () => {
    const patch = `+${'y'.repeat(400)}\n`.repeat(4);
    const diffs = Array.from(
      { length: 9 },
      (_, at) => ({ path: `f${at}`, kind: 'changed', added: 4, removed: 0, patch, omittedLines: 0 }) as const,
    );
    const { text, document } = ask({ diffs });
    assert.match(text, /… and \d more files, whole in the document/);
    assert.ok(diffs.every(({ path }) => document?.text.includes(`--- ${path}\n`)));
  });

  it('makes visible what cannot be seen, and what pushes the rest out of sight', () => {
    const { text, document } = ask({
      detail: `echo \u202e\u200bx\u00a0${' '.repeat(300)};rm${'\u2800'.repeat(90)}${'\n'.repeat(50)}end`,
      title: 'a\u202eb',
    });
    assert.ok(text.includes('a\\u{202e}b'));
    assert.ok(
      text.includes('echo \\u{202e}\\u{200b}x\\u{00a0}\\u{0020}×300;rm\\u{2800}×90\n\\n×49\nend'),
      text,
    );
    assert.ok(document !== undefined);
  });

  it('is always taken by Telegram, and never loses anything silently', () => {
    const text = fc.string({ unit: 'binary', maxLength: 6_000, size: 'max' });
    fc.assert(
      fc.property(text, text, text, fc.array(text, { maxLength: 3 }), (title, detail, reason, patches) => {
        const diffs = patches.map(
          (patch, at) =>
            ({ path: `${at}`, kind: 'changed', added: 1, removed: 1, patch, omittedLines: 0 }) as const,
        );
        const asked = ask({ title, detail, reason, diffs });
        if (asked.document === undefined)
          assert.ok(
            [detail, ...patches].every((each) =>
              asked.text.includes(visible(each.replaceAll('\r\n', '\n')).trim()),
            ),
          );
      }),
      { numRuns: 100 },
    );
  });

  it('says who answered', () => {
    const at = new Date(2026, 0, 1, 14, 5).getTime();
    assert.equal(
      answeredText({ kind: 'approved', by: 'Ann', at }, 'Run x?').plain,
      '✅ Approved by Ann at 14:05\nRun x?',
    );
    assert.match(answeredText({ kind: 'expired' }).plain, /^⌛ Expired/);
    assert.equal(answeredText({ kind: 'elsewhere' }).plain, 'Answered in VS Code');
    assert.equal(answeredText({ kind: 'denied', by: 'A', at }).buttons, undefined);
  });

  it('makes diffs that give the other side', () => {
    const line = fc.constantFrom('a', 'b', '', '\r', '\\ No newline at end of file', '-', '+');
    const side = fc
      .tuple(fc.array(line, { maxLength: 8 }), fc.boolean())
      .map(([lines, ends]) => lines.join('\n') + (ends ? '\n' : ''));
    const apply = (before: string, diff: string): string => {
      const [head = '', ...lines] = diff.split('\n');
      const [, start = 0, removed = 0] = (/^@@ -(\d+),(\d+)/.exec(head) ?? []).map(Number);
      const old = before.split('\n');
      const last = old.pop() ?? '';
      if (last !== '') old.push(`${last}\n`);
      const added: string[] = [];
      lines.forEach((text, at) => {
        if (text.startsWith('+')) added.push(text.slice(1));
        else if (text.startsWith('\\') && lines[at - 1]?.startsWith('+') === true)
          added.push(`${added.pop()}\n`);
      });
      const result = [...old.slice(0, start - 1), ...added, ...old.slice(start - 1 + removed)];
      return result.map((text) => (text.endsWith('\n') ? text.slice(0, -1) : `${text}\n`)).join('');
    };
    assert.equal(apply('a\nb\nc\n', coarseDiff({ before: 'a\nb\nc\n', after: 'a\nx\nc\n' })), 'a\nx\nc\n');
    fc.assert(
      fc.property(side, side, (before, after) => {
        assert.equal(apply(before, coarseDiff({ before, after })), after);
      }),
    );
  });
});
