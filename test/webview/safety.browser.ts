import assert from 'node:assert/strict';
import type { ChatItem } from '../../extension/shared/chat.ts';
import type { Shown } from './harness.ts';
import {
  assistant,
  at,
  event,
  jobStarted,
  reply,
  session,
  snapshot,
  step,
  stepItem,
  surroundings,
  token,
  toolMessage,
  user,
} from './samples.ts';
import { settle, show, untilComposerFocused } from './show.ts';

declare global {
  interface Window {
    pwned?: unknown;
  }
}

const answer = (text: string) => snapshot([user('u1', 'Hi'), assistant('a1', text)]);

/** Nothing ran, nothing was loaded, and nothing in the page could still do either. */
const assertHarmless = async (shown: Shown): Promise<void> => {
  await settle(shown, 30);
  const found = await shown.page.evaluate(() => {
    const root = document.querySelector('#root');
    const elements = [...(root?.querySelectorAll('*') ?? [])];
    return {
      ran: window.pwned !== undefined,
      forbidden: elements
        .filter((element) =>
          element.matches(
            'script, style, link, meta, base, iframe, frame, object, embed, form, svg, math, video, audio, source, template, [src]:not(img[src^="data:image/"]), [srcset], [style*="url"], [href], [action], [formaction], [is]',
          ),
        )
        .map((element) => element.outerHTML.slice(0, 100)),
      handlers: elements
        .flatMap((element) => element.getAttributeNames().map((name) => `${element.tagName} ${name}`))
        .filter((name) => / on/.test(name)),
      clobbered: document.getElementById('root') !== root || elements.some((element) => element.id !== ''),
    };
  });
  assert.deepEqual(found, { ran: false, forbidden: [], handlers: [], clobbered: false });
  assert.deepEqual(shown.requests(), []);
  // The policy also refuses handlers in the document that the sanitiser reads, where nothing could run, and says so.
  const problems = (await shown.problems()).filter(
    (problem) => !/^(?:Executing inline event handler|script-src-attr inline)/.test(problem),
  );
  assert.deepEqual(problems, []);
  await shown.forgetProblems();
};

const attacks: readonly string[] = [
  '<script>window.pwned = 1</script>',
  '<img src=x onerror="window.pwned=1">',
  '<img src="https://evil.example/pixel.png">',
  '![pixel](https://evil.example/pixel.png)',
  '![pixel](data:image/svg+xml,<svg/onload=window.pwned=1>)',
  '![x][1]\n\n[1]: https://evil.example/x.png',
  '<svg onload="window.pwned=1"><script>window.pwned=1</script></svg>',
  '<svg><a xlink:href="javascript:window.pwned=1"><text>x</text></a></svg>',
  '<math><mtext><table><mglyph><style><img src=x onerror=window.pwned=1>',
  '<iframe src="https://evil.example"></iframe>',
  '<iframe srcdoc="<script>parent.pwned=1</script>"></iframe>',
  '<object data="https://evil.example"></object><embed src="https://evil.example">',
  '<form action="https://evil.example"><input name=x><button formaction="javascript:window.pwned=1">go</button></form>',
  '<style>@import "https://evil.example/x.css"; body { background: url(https://evil.example/x) }</style>',
  '<link rel=stylesheet href="https://evil.example/x.css"><meta http-equiv=refresh content="0;url=https://evil.example">',
  '<base href="https://evil.example/">',
  '<video poster="https://evil.example/x" src="https://evil.example/y"></video><audio src=https://evil.example/z></audio>',
  '<details open ontoggle="window.pwned=1"><summary>x</summary>y</details>',
  '<b onmouseover="window.pwned=1" id="root" class="approval">x</b>',
  '<a href="javascript:window.pwned=1">x</a>',
  '[x](javascript:window.pwned=1)',
  '[x](JaVaScRiPt:window.pwned=1)',
  '[x](java&#115;cript:window.pwned=1)',
  '[x](data:text/html,<script>window.pwned=1</script>)',
  '[x](vbscript:window.pwned=1)',
  '[x](command:workbench.action.quit)',
  '<javascript:window.pwned=1>',
  '<a data-href="command:workbench.action.quit">x</a>',
  '[x](https://a.example" onclick="window.pwned=1)',
  '`<img src=x onerror=window.pwned=1>`',
  '```html\n<img src=x onerror=window.pwned=1>\n```',
  '```"><img/src=x/onerror=window.pwned=1>\ncode\n```',
  '| <img src=x onerror=window.pwned=1> |\n|---|\n| <script>window.pwned=1</script> |',
  '- [ ] <img src=x onerror=window.pwned=1>',
  '# <img src=x onerror=window.pwned=1>',
  '<!--><img src=x onerror=window.pwned=1>-->',
  '<noscript><p title="</noscript><img src=x onerror=window.pwned=1>">',
  '<template><img src=x onerror=window.pwned=1></template>',
  '<div\n\nonclick=window.pwned=1>\n\nx',
];

describe('safety: Markdown of a model', () => {
  it('does nothing, whatever it holds', async () => {
    const shown = await show();
    for (const [index, attack] of attacks.entries()) {
      await shown.push(
        snapshot([user('u1', 'Hi'), assistant(`a${index}`, `${attack}\n\nend`)], { sessionId: `s${index}` }),
      );
      await shown.page.getByText('end').last().waitFor();
      for (const link of await shown.page.locator('[data-test=assistant] a').all())
        await link.click({ timeout: 1_000 });
      await assertHarmless(shown);
    }
    // An escape that is not read as one is the name of a file, which the host does not find.
    assert.deepEqual(await shown.posts('openFile'), [
      { type: 'openFile', path: 'java&#115;cript:window.pwned=1' },
    ]);
    const opened = await shown.posts('openLink');
    assert.deepEqual([...new Set(opened.map(({ href }) => new URL(href).protocol))], ['https:']);
  });

  it('does nothing either while it streams in pieces', async () => {
    const shown = await show([snapshot([user('u1', 'Hi')]), jobStarted('u2', 'Go')]);
    for (const attack of attacks.slice(0, 10)) {
      for (const piece of attack.match(/[\s\S]{1,12}/g) ?? []) await shown.push(token(piece));
      await shown.push(token('\n\n'));
    }
    await assertHarmless(shown);
  });

  it('has no style of its own', async () => {
    const shown = await show([
      answer('<p style="position: fixed; background: url(https://evil.example/x)">x</p>'),
    ]);
    assert.equal(await shown.page.locator('[data-test=assistant] [style]').count(), 0);
    // The policy refuses the attribute even in the document that the sanitiser reads, and says so.
    assert.match((await shown.problems()).join(), /style-src/);
    await shown.forgetProblems();
    await assertHarmless(shown);
  });

  it('shows a remote picture as a link that says where it leads', async () => {
    const shown = await show([answer('![a chart](https://evil.example/chart.png)')]);
    const link = shown.page.getByRole('link', { name: 'a chart' });
    assert.equal(await link.getAttribute('title'), 'https://evil.example/chart.png');
    assert.equal(await shown.page.locator('[data-test=assistant] img').count(), 0);
  });

  it('shows a script as the text it is', async () => {
    const shown = await show([answer('Use <script>alert(1)</script> here.')]);
    assert.equal((await shown.page.textContent('.markdown'))?.trim(), 'Use <script>alert(1)</script> here.');
  });
});

describe('safety: everything else that comes from outside', () => {
  const evil = '"><img src=x onerror="window.pwned=1"><script>window.pwned=1</script>';

  it('is shown as text in steps, diffs, titles, errors and names', async () => {
    const hostile = step('w1', evil, evil, 'write', { [evil]: evil });
    const diffs = [
      { path: evil, kind: 'changed', added: 1, removed: 1, patch: `+${evil}\n-${evil}`, omittedLines: 0 },
    ] as const;
    const shown = await show([
      snapshot(
        [
          user('u1', evil),
          stepItem(hostile, {
            diffs,
            undo: { files: 1, unknown: [evil] },
            summary: evil,
            decision: { approved: true, by: 'user', reason: evil },
            result: toolMessage('w1', evil),
          }),
          assistant('a1', 'Done.'),
        ],
        { title: evil, contextTokens: 5 },
        { agentName: evil, modelLabel: evil, providerName: evil, storageProblem: evil },
      ),
      event({
        ...at(1),
        type: 'ApprovalRequired',
        step: step('w2', evil, evil),
        prompt: {
          title: evil,
          detail: evil,
          diffs,
          offers: [{ duration: 'workspace', matches: [{ kind: 'tool', tool: evil }], label: evil }],
          reason: evil,
          isCautioned: true,
        },
      }),
    ]);
    await shown.page.click('[data-test=step] .step-toggle');
    await shown.page.click('[data-test=changes]');
    await shown.page.click('[data-test=offers]');
    await assertHarmless(shown);
    const text = (await shown.page.textContent('#root')) ?? '';
    assert.ok(text.split(evil).length > 12, 'it is there to be read');
  });

  it('is shown as text in running output, retries and failures', async () => {
    const shown = await show([
      snapshot([user('u1', 'Hi')], { job: { id: 'j1', startedAt: Date.now(), isElsewhere: false } }),
      event({ ...at(1), type: 'Retrying', attempt: 1, delayMs: 9_000, reason: evil }),
    ]);
    await assertHarmless(shown);
    await shown.push(
      event({
        ...at(2),
        type: 'StepApproved',
        step: step('w1', 'run_command', evil),
        by: 'user',
        reason: evil,
      }),
      event({ ...at(3), type: 'StepProgress', stepId: 'w1', text: evil }),
    );
    await assertHarmless(shown);
    await shown.push(
      event({
        ...at(4),
        type: 'JobFailed',
        error: { kind: 'internal', message: evil, actions: ['openLog'] },
      }),
    );
    await assertHarmless(shown);
  });

  it('is shown as text in the list of chats, suggestions and refusals', async () => {
    const shown = await show([snapshot([], {}, { ...surroundings, suggestions: [evil], folderName: evil })]);
    await assertHarmless(shown);
    await shown.page.click('[data-test=suggestion]');
    await untilComposerFocused(shown);
    await shown.page.keyboard.press('Enter');
    const { requestId } = await shown.posted('send');
    await shown.push({ type: 'refused', requestId, message: evil });
    await assertHarmless(shown);
    await shown.push(
      { type: 'showSessions' },
      {
        type: 'sessions',
        shelf: 'active',
        hasMore: false,
        sessions: [session('s2', evil, { folder: evil })],
      },
    );
    await assertHarmless(shown);
  });

  it('gives a picture of a tool no way out of its data address', async () => {
    const data = 'AAAA" onerror="window.pwned=1';
    const result = {
      ...toolMessage('w1', ''),
      content: [{ type: 'image', mediaType: 'image/png', data, name: evil }],
    } as const;
    const shown = await show([
      snapshot([user('u1', 'Hi'), stepItem(step('w1', 'read_file', 'x.png'), { result })]),
    ]);
    await shown.page.click('[data-test=step] .step-toggle');
    assert.equal(await shown.page.getAttribute('.step-image', 'src'), `data:image/png;base64,${data}`);
    await settle(shown, 100);
    // It is no picture, and that is all it is.
    assert.match((await shown.problems()).join(), /^Failed to load resource: net::ERR_INVALID_URL$/);
    await shown.forgetProblems();
    await assertHarmless(shown);
  });

  it('does not throw the view over when it is not of the protocol', async () => {
    const shown = await show([answer('Still here.')]);
    await shown.page.evaluate(() => {
      for (const message of [null, 7, 'x', [], {}, { type: 'snapshot' }, { type: 5, seq: 1 }, { seq: 1 }]) {
        window.postMessage(message, '*');
      }
    });
    await settle(shown);
    assert.match((await shown.page.textContent('.transcript')) ?? '', /Still here\./);
  });
});

describe('safety: who sent a message from elsewhere', () => {
  const sent = (via: string): ChatItem => {
    const item = user('u1', 'Look at the till');
    return item.kind === 'user' ? { ...item, message: { ...item.message, via } } : item;
  };

  it('is told above it and by its name, and not of the person’s own', async () => {
    const shown = await show([snapshot([sent('Ann, on Telegram'), user('u2', 'And the shop')])]);
    const messages = shown.page.locator('[data-test=user]');
    assert.deepEqual(await shown.page.locator('[data-test=user-via]').allTextContents(), [
      'Ann, on Telegram',
    ]);
    assert.equal(await messages.first().locator('[data-test=user-via]').count(), 1);
    const names = await messages.evaluateAll((all) => all.map((each) => each.getAttribute('aria-label')));
    assert.deepEqual(names, ['Ann, on Telegram', 'You']);
  });

  it('does nothing, whatever they are called', async () => {
    const shown = await show();
    const shownVia = shown.page.locator('[data-test=user-via]');
    for (const [index, name] of attacks.entries()) {
      const via = `${name}, on Telegram ${index}`;
      await shown.push(snapshot([sent(via)], { sessionId: `s${index}` }));
      await shown.page.getByText(`, on Telegram ${index}`).last().waitFor();
      assert.equal(await shownVia.textContent(), via);
      assert.equal(await shownVia.locator('*').count(), 0);
    }
    await assertHarmless(shown);
  });
});

describe('safety: the policy of the page', () => {
  const policyOf = (shown: Shown) =>
    shown.page.$eval(
      'meta[http-equiv=Content-Security-Policy]',
      (element) => element.getAttribute('content') ?? '',
    );

  it('allows nothing by default, nothing inline, no eval, and has another nonce each time', async () => {
    const first = await policyOf(await show());
    const second = await policyOf(await show());
    assert.match(first, /default-src 'none'/);
    assert.doesNotMatch(first, /unsafe|\*|https:/);
    const nonces = [first, second].map((policy) => /'nonce-([\w+/=]{16,})'/.exec(policy)?.[1]);
    assert.ok(nonces[0] !== undefined && nonces[1] !== undefined && nonces[0] !== nonces[1]);
  });

  it('stops what gets past everything else', async () => {
    const shown = await show();
    await shown.page.evaluate(async () => {
      const script = document.createElement('script');
      script.textContent = 'window.pwned = 1';
      document.body.append(script);
      const holder = document.createElement('div');
      holder.innerHTML = '<img src="https://evil.example/x.png" onerror="window.pwned = 2">';
      document.body.append(holder);
      await fetch('https://evil.example/').catch(() => {});
    });
    await settle(shown, 100);
    assert.equal(await shown.page.evaluate(() => window.pwned), undefined);
    const problems = (await shown.problems()).join('\n');
    for (const directive of ['script-src', 'img-src', 'connect-src'])
      assert.match(problems, new RegExp(directive));
    await shown.forgetProblems();
  });

  it('lets a reply with everything in it be drawn without a violation', async () => {
    const shown = await show([snapshot([user('u1', 'Hi')]), jobStarted('u2', 'Go')]);
    await shown.push(
      event({
        ...at(1),
        type: 'TurnCompleted',
        message: reply('r', '```ts\nconst a = 1;\n```\n\n| a |\n|--|\n| 1 |'),
      }),
    );
    await shown.page.waitForSelector('.hljs-keyword');
    assert.deepEqual(await shown.problems(), []);
  });
});
