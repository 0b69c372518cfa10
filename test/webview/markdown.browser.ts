import assert from 'node:assert/strict';
import { assistant, at, event, jobStarted, reply, snapshot, token, user } from './samples.ts';
import { settle, show } from './show.ts';

const fence = '```';
const answer = (text: string) => snapshot([user('u1', 'Hi'), assistant('a1', text)]);

describe('Markdown: code blocks', () => {
  const code = 'const x: number = 1;\nconsole.log(x);';

  it('copy and insert exactly what they show', async () => {
    const shown = await show([answer(`${fence}ts\n${code}\n${fence}`)]);
    const block = shown.page.locator('.code-block');
    assert.equal(await block.locator('.code-language').textContent(), 'ts');
    await block.getByRole('button', { name: 'Copy code' }).click();
    await block.getByRole('button', { name: 'Copied' }).waitFor();
    await block.getByRole('button', { name: 'Insert at cursor' }).click();
    assert.deepEqual(await shown.posts('copy'), [{ type: 'copy', text: code }]);
    assert.deepEqual(await shown.posts('insertAtCursor'), [{ type: 'insertAtCursor', text: code }]);
    assert.equal(await block.locator('pre').textContent(), code);
  });

  it('are coloured without changing their height or their text', async () => {
    const shown = await show([answer(`${fence}ts\n${code}\n${fence}`)]);
    const pre = shown.page.locator('.code-block pre');
    const before = await pre.boundingBox();
    await shown.page.waitForSelector('.hljs-keyword');
    assert.deepEqual(await pre.boundingBox(), before);
    assert.equal(await pre.textContent(), code);
  });

  it('fold at 30 lines', async () => {
    const shown = await show([answer(`${fence}\n${'line\n'.repeat(45)}${fence}`)]);
    const height = () =>
      shown.page.$eval('.code-block pre', (element) => element.getBoundingClientRect().height);
    const folded = await height();
    const fold = shown.page.getByRole('button', { name: 'Show all 45 lines' });
    assert.equal(await fold.getAttribute('aria-expanded'), 'false');
    await fold.click();
    await settle(shown);
    assert.ok((await height()) > folded + 100);
    await shown.page.getByRole('button', { name: 'Show less' }).click();
    await settle(shown);
    assert.equal(await height(), folded);
  });

  it('are blocks from their first line on while they stream', async () => {
    const shown = await show([snapshot([user('u1', 'Hi')]), jobStarted('u2', 'Code')]);
    await shown.push(token(`${fence}ts\nconst a = 1;\n`), token('const b'));
    assert.equal(await shown.page.locator('.code-block pre').textContent(), 'const a = 1;\nconst b');
    const element = await shown.page.locator('.code-block').elementHandle();
    await shown.push(
      token(' = 2;\n'),
      event({
        ...at(2),
        type: 'TurnCompleted',
        message: reply('r', `${fence}ts\nconst a = 1;\nconst b = 2;\n${fence}\n\nDone.`),
      }),
    );
    assert.equal(await element?.evaluate((node) => node.isConnected), true);
    assert.equal(await shown.page.locator('.code-block pre').textContent(), 'const a = 1;\nconst b = 2;');
  });

  it('scroll inside themselves, as tables do', async () => {
    const shown = await show(
      [
        answer(
          `${fence}\n${'x'.repeat(500)}\n${fence}\n\n| ${'wide '.repeat(30)} | b |\n|---|---|\n| ${'y'.repeat(200)} | 2 |`,
        ),
      ],
      { width: 250 },
    );
    for (const selector of ['.code-block pre', '.table-scroll']) {
      const [inner, outer] = await shown.page.$eval(selector, (element) => [
        element.scrollWidth,
        element.clientWidth,
      ]);
      assert.ok((inner ?? 0) > (outer ?? 0), selector);
    }
    assert.equal(await shown.page.$eval('.transcript', (element) => element.scrollWidth), 250);
  });
});

describe('Markdown: links', () => {
  it('open addresses and files through the host, by mouse and by keyboard', async () => {
    const shown = await show([
      answer(
        'See [the manual](https://example.com/a), [the helper](src/date.ts#L14) and `test/date.test.ts:3`.',
      ),
    ]);
    await shown.page.getByRole('link', { name: 'the manual' }).click();
    await shown.page.getByRole('link', { name: 'the helper' }).focus();
    await shown.page.keyboard.press('Enter');
    await shown.page.getByRole('link', { name: 'test/date.test.ts:3' }).click();
    assert.deepEqual(await shown.posts('openLink'), [{ type: 'openLink', href: 'https://example.com/a' }]);
    assert.deepEqual(await shown.posts('openFile'), [
      { type: 'openFile', path: 'src/date.ts', line: 14 },
      { type: 'openFile', path: 'test/date.test.ts', line: 3 },
    ]);
  });

  it('tell where they lead, whatever title the answer gave them', async () => {
    const shown = await show([answer('[a](https://evil.example "https://good.example")')]);
    assert.match((await shown.page.getByRole('link').getAttribute('title')) ?? '', /https:\/\/evil\.example/);
  });

  it('are found when their address comes at the end of the answer', async () => {
    const text = 'See [the manual][1].\n\nMore.\n\n[1]: https://example.com/manual';
    const shown = await show([snapshot([user('u1', 'Hi')]), jobStarted('u2', 'Where?')]);
    for (const piece of text.match(/[\s\S]{1,9}/g) ?? []) await shown.push(token(piece));
    assert.equal(await shown.page.getByRole('link').count(), 0);
    await shown.push(event({ ...at(2), type: 'TurnCompleted', message: reply('r', text) }));
    await shown.page.getByRole('link', { name: 'the manual' }).click();
    assert.deepEqual(await shown.posts('openLink'), [
      { type: 'openLink', href: 'https://example.com/manual' },
    ]);
  });
});

describe('Markdown: everything else', () => {
  it('draws headings below the page’s own, lists, tasks, tables and quotes', async () => {
    const shown = await show([
      answer(
        '# Title\n\n3. three\n4. four\n\n- [x] done\n- [ ] open\n\n| a | b |\n|:-|-:|\n| 1 | 2 |\n\n> quoted\n\n~~gone~~ **bold**',
      ),
    ]);
    const count = (selector: string) => shown.page.locator(`.markdown ${selector}`).count();
    assert.equal(await count('h3'), 1);
    assert.equal(await shown.page.getAttribute('.markdown ol', 'start'), '3');
    assert.equal(await count('input[type=checkbox]:disabled'), 2);
    assert.equal(await count('input[type=checkbox]:checked'), 1);
    assert.equal(await count('td[align=right]'), 1);
    assert.equal(await count('blockquote p'), 1);
    assert.equal(await count('del'), 1);
  });

  it('shows tags of code as they were written', async () => {
    const shown = await show([
      answer('Use <Suspense> and the <my-element attr="1"> tag, but <kbd>Ctrl</kbd> is a key.'),
    ]);
    assert.equal(
      (await shown.page.textContent('.markdown p'))?.trim(),
      'Use <Suspense> and the <my-element attr="1"> tag, but Ctrl is a key.',
    );
    assert.equal(await shown.page.locator('.markdown kbd').count(), 1);
  });

  it('keeps finished blocks while more comes', async () => {
    const shown = await show([snapshot([user('u1', 'Hi')]), jobStarted('u2', 'Go'), token('First.\n\nSec')]);
    const first = await shown.page.locator('.markdown p').first().elementHandle();
    await first?.evaluate((element) => element.setAttribute('data-mark', 'same'));
    await shown.push(token('ond.\n\nThird.'));
    await settle(shown);
    assert.equal(await shown.page.locator('.markdown p').count(), 3);
    assert.equal(await shown.page.getAttribute('.markdown p >> nth=0', 'data-mark'), 'same');
  });
});
