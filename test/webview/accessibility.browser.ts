import assert from 'node:assert/strict';
import { AxeBuilder } from '@axe-core/playwright';
import type { Shown } from './harness.ts';
import {
  askedTogether,
  assistant,
  at,
  commandPrompt,
  diff,
  event,
  jobStarted,
  reply,
  snapshot,
  step,
  stepItem,
  token,
  user,
} from './samples.ts';
import { settle, show } from './show.ts';
import { states } from './states.ts';
import { dark, highContrast, light, type Theme } from './themes.ts';

declare global {
  interface Window {
    /** There once AxeBuilder has run in the page. */
    axe: { run(context: Document, options: object): Promise<AxeResults> };
  }
}

type AxeResults = Awaited<ReturnType<AxeBuilder['analyze']>>;

/** Serious and critical violations, one line each. */
const linesOf = ({ violations }: AxeResults): readonly string[] =>
  violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(
        (node) => `${id}: ${node.target.join(' ')}: ${node.any.map((check) => check.message).join('; ')}`,
      ),
    );

/** Every rule. Legacy mode: without it a second page is opened for each run. */
const violations = async (shown: Shown): Promise<readonly string[]> =>
  linesOf(
    await new AxeBuilder({ page: shown.page })
      .setLegacyMode(true)
      .options({ resultTypes: ['violations'], preload: false })
      .analyze(),
  );

/** What depends on the theme, in a page that has been looked at before: the structure stays. */
const faintText = async (shown: Shown): Promise<readonly string[]> =>
  linesOf(
    await shown.page.evaluate(() =>
      window.axe.run(document, { runOnly: ['color-contrast'], resultTypes: ['violations'], preload: false }),
    ),
  );

/** Elements that are wider than the view, or hang out of it, without anything around them that scrolls. */
const overflowing = (shown: Shown): Promise<readonly string[]> =>
  shown.page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const isScrolled = (element: Element): boolean => {
      for (let at = element.parentElement; at !== null && at !== document.body; at = at.parentElement) {
        const { overflowX } = getComputedStyle(at);
        const isTranscript = at.matches('.transcript');
        if (!isTranscript && (overflowX === 'auto' || overflowX === 'scroll' || overflowX === 'hidden'))
          return true;
      }
      return false;
    };
    const pages = [
      document.documentElement,
      ...document.querySelectorAll('.transcript, .empty, .sessions-groups'),
    ];
    return [
      ...pages
        .filter((element) => element.scrollWidth > element.clientWidth)
        .map((element) => `scrolls: ${element.className}`),
      ...[...document.querySelectorAll('#root *')]
        .filter((element) => {
          const { left, right, width: own } = element.getBoundingClientRect();
          return own > 1 && (left < -0.5 || right > width + 0.5) && !isScrolled(element);
        })
        .map((element) => `hangs out: ${element.tagName} ${element.className}`),
    ];
  });

describe('every state', () => {
  for (const { name, messages, act } of states) {
    it(`${name}: fits 250 pixels and is accessible in dark, light and high contrast`, async () => {
      const shown = await show(messages, { theme: dark });
      await act?.(shown);
      await settle(shown, 30);
      const found: Record<string, readonly string[]> = { structure: await violations(shown) };
      for (const theme of [light, highContrast]) {
        await shown.useTheme(theme);
        found[theme.name] = await faintText(shown);
      }
      await shown.page.setViewportSize({ width: 250, height: 700 });
      await settle(shown, 50);
      found['250 pixels'] = await overflowing(shown);
      const bad = Object.entries(found).filter(([, list]) => list.length > 0);
      assert.deepEqual(Object.fromEntries(bad), {});
    });
  }
});

const edit = stepItem(step('e1', 'edit_file', 'src/date.ts', 'write'), { diffs: [diff] });
const waiting = [
  snapshot(
    [user('u1', 'Go'), edit, assistant('a1', 'See [the helper](src/date.ts).\n\n```ts\nlet a;\n```')],
    {
      job: { id: 'j1', startedAt: Date.now(), isElsewhere: false },
    },
  ),
  event({
    ...at(1),
    type: 'ApprovalRequired',
    step: step('w1', 'run_command', 'npm test'),
    prompt: commandPrompt,
  }),
] as const;

/** Presses Tab through the view and says what had the focus: roles and names, as assistive technology hears them. */
const tabThrough = async (shown: Shown, limit = 40): Promise<readonly string[]> => {
  await shown.page.evaluate(() => {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  });
  const seen: string[] = [];
  for (let index = 0; index < limit; index += 1) {
    await shown.page.keyboard.press('Tab');
    const name = await shown.page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return '';
      const label =
        element.getAttribute('aria-label') ?? element.getAttribute('title') ?? element.textContent ?? '';
      return element.getAttribute('data-test') ?? label.trim().slice(0, 40);
    });
    if (name === '' || name === seen[0]) break;
    seen.push(name);
  }
  return seen;
};

describe('keyboard', () => {
  it('reaches everything in reading order', async () => {
    const shown = await show(waiting);
    assert.deepEqual(await tabThrough(shown), [
      'title',
      'changes',
      'Chat',
      'Edit and send again',
      'Fork: go on from here in a new chat',
      'Copy message',
      'edit_file: src/date.ts',
      'review',
      'src/date.ts',
      'Copy code',
      'Insert at cursor',
      'let a;',
      'Retry: have this answered again',
      'Fork: go on from here in a new chat',
      'Copy answer as Markdown',
      'npm test -- date\n\nFolder: /home/ada/date',
      'approve',
      'offers',
      'reject',
      'review',
      'reason',
      'composer',
      'Attach pictures',
      'agent',
      'model',
      'mode',
      'stop',
    ]);
  });

  for (const theme of [dark, highContrast] as readonly Theme[]) {
    it(`shows where the focus is, in ${theme.name}`, async () => {
      const shown = await show(waiting, { theme, height: 900 });
      const { page } = shown;
      const places: string[] = [];
      for (let index = 0; index < 27; index += 1) {
        await page.keyboard.press('Tab');
        const at = await page.evaluate(() => {
          const element = document.activeElement;
          // The whole frame shows the composer's focus.
          const { x, y, width, height } =
            (element?.closest('.composer') ?? element)?.getBoundingClientRect() ?? new DOMRect();
          return {
            x,
            y,
            width,
            height,
            name: element?.getAttribute('data-test') ?? element?.className ?? '',
          };
        });
        const clip = {
          x: Math.max(0, at.x - 3),
          y: Math.max(0, at.y - 3),
          width: Math.min(at.width + 6, 340),
          height: Math.min(at.height + 6, 900),
        };
        const withFocus = await page.screenshot({ clip });
        await page.evaluate(() => {
          const element = document.activeElement;
          if (!(element instanceof HTMLElement)) return;
          element.dataset.hadFocus = '';
          element.blur();
        });
        const without = await page.screenshot({ clip });
        if (withFocus.equals(without)) places.push(at.name);
        await page.evaluate(() => {
          const element = document.querySelector<HTMLElement>('[data-had-focus]');
          element?.removeAttribute('data-had-focus');
          element?.focus();
        });
      }
      assert.deepEqual(places, []);
    });
  }

  it('closes the list of changed files with Escape and goes back to its button', async () => {
    const shown = await show([snapshot([user('u1', 'Go'), edit])]);
    await shown.page.locator('[data-test=changes]').press('Enter');
    await shown.page.waitForFunction(() => document.activeElement?.closest('.changed-files') !== null);
    await shown.page.keyboard.press('Escape');
    await settle(shown);
    assert.equal(await shown.page.locator('.changed-files').count(), 0);
    assert.equal(
      await shown.page.evaluate(() => document.activeElement?.getAttribute('data-test')),
      'changes',
    );
  });
});

describe('screen readers', () => {
  const said = (shown: Shown) => shown.page.textContent('[data-test=announcements]');

  it('hear finished paragraphs, approvals and errors, and no single tokens', async () => {
    const shown = await show([snapshot([user('u1', 'Hi')]), jobStarted('u2', 'Go')]);
    await shown.push(token('One para'), token('graph'));
    assert.equal(await said(shown), '');
    await shown.push(token('.\n\nTwo'));
    assert.equal(await said(shown), 'One paragraph.');
    await shown.push(
      event({ ...at(1), type: 'TurnCompleted', message: reply('r', 'One paragraph.\n\nTwo.') }),
    );
    assert.equal(await said(shown), 'Two.');
    await shown.push(
      event({
        ...at(2),
        type: 'ApprovalRequired',
        step: step('w1', 'run_command', 'npm test'),
        prompt: commandPrompt,
      }),
    );
    assert.equal(await said(shown), 'Waiting for your approval. Run npm test?');
    await shown.push(
      event({
        ...at(3),
        type: 'JobFailed',
        error: { kind: 'network', message: 'No network.', actions: ['retry'] },
      }),
    );
    assert.equal(await said(shown), 'No network.');
  });

  it('hear once what is asked together, as a whole', async () => {
    const shown = await show([snapshot([user('u1', 'Hi')]), jobStarted('u2', 'Go')]);
    await shown.page.evaluate(() => {
      const region = document.querySelector('[data-test=announcements]');
      const heard: string[] = [];
      Object.assign(window, { heard });
      if (region !== null)
        new MutationObserver(() => {
          const text = region.textContent ?? '';
          if (text !== (heard.at(-1) ?? '')) heard.push(text);
        }).observe(region, {
          childList: true,
          characterData: true,
          subtree: true,
        });
    });
    await shown.push(...askedTogether('a.ts', 'b.ts', 'c.ts'));
    await shown.page.waitForFunction(() => Reflect.get(window, 'heard').length > 0);
    await settle(shown, 400);
    assert.deepEqual(await shown.page.evaluate(() => Reflect.get(window, 'heard')), [
      'Waiting for your approval. 3 edits wait together. Edit a.ts? Edit b.ts? Edit c.ts?',
    ]);
  });

  it('find one polite region beside a log that is not read out token by token', async () => {
    const shown = await show([snapshot([user('u1', 'Hi')])]);
    assert.equal(await shown.page.getAttribute('[data-test=announcements]', 'aria-live'), 'polite');
    assert.equal(await shown.page.getAttribute('[role=log]', 'aria-live'), 'off');
    assert.equal(await shown.page.getAttribute('[role=log]', 'aria-label'), 'Chat');
    assert.equal(await shown.page.locator('[aria-live=assertive]').count(), 0);
  });

  it('hear a name for every control', async () => {
    const shown = await show(waiting);
    const nameless = await shown.page.evaluate(() =>
      [...document.querySelectorAll('button, [role=link], textarea, vscode-button, vscode-text-field')]
        .filter((element) => {
          const name = element.getAttribute('aria-label') ?? element.textContent ?? '';
          return name.trim() === '';
        })
        .map((element) => element.outerHTML.slice(0, 80)),
    );
    assert.deepEqual(nameless, []);
  });
});

describe('motion', () => {
  it('stops when less of it is wanted', async () => {
    const shown = await show([snapshot([user('u1', 'Hi')]), jobStarted('u2', 'Go')]);
    const running = () => shown.page.evaluate(() => document.getAnimations().length);
    assert.ok((await running()) > 0);
    await shown.page.emulateMedia({ reducedMotion: 'reduce' });
    assert.equal(await running(), 0);
    await shown.page.emulateMedia({ reducedMotion: null });
  });
});
