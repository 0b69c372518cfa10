import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { imageDataLimit } from '../../extension/shared/message.ts';
import { snapshot, user } from './samples.ts';
import { composer, settle, show } from './show.ts';

interface Picture {
  readonly width: number;
  readonly height: number;
  /** Pixels that do not compress. */
  readonly noise?: boolean;
}

/** Pastes or drops pictures that the page itself draws. */
const bring = (page: Page, how: 'paste' | 'drop', pictures: readonly Picture[]): Promise<void> =>
  page.$eval(
    composer,
    async (element, { way, all }) => {
      const transfer = new DataTransfer();
      for (const [index, { width, height, noise }] of all.entries()) {
        const canvas = new OffscreenCanvas(width, height);
        const context = canvas.getContext('2d');
        if (context === null) throw new Error('no canvas');
        context.fillStyle = 'tomato';
        context.fillRect(0, 0, width / 2, height);
        if (noise === true) {
          const data = context.createImageData(width, height);
          const bytes = new Uint32Array(data.data.buffer);
          let seed = 1;
          for (let at = 0; at < bytes.length; at += 1) {
            seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
            bytes[at] = seed | 0xff000000;
          }
          context.putImageData(data, 0, 0);
        }
        transfer.items.add(
          new File([await canvas.convertToBlob()], `shot${index}.png`, { type: 'image/png' }),
        );
      }
      const options = { bubbles: true, cancelable: true };
      element.dispatchEvent(
        way === 'paste'
          ? new ClipboardEvent('paste', { ...options, clipboardData: transfer })
          : new DragEvent('drop', { ...options, dataTransfer: transfer }),
      );
    },
    { way: how, all: pictures },
  );

const chips = '[data-test=chip]';

describe('pictures', () => {
  it('are pasted as chips, can be removed, and go with the message', async () => {
    const shown = await show();
    const { page } = shown;
    await bring(page, 'paste', [
      { width: 20, height: 10 },
      { width: 30, height: 10 },
    ]);
    await page.waitForFunction((selector) => document.querySelectorAll(selector).length === 2, chips);
    await page.getByRole('button', { name: 'Remove shot0.png' }).click();
    await settle(shown);
    assert.deepEqual(await page.locator(chips).allTextContents(), ['shot1.png']);
    // A picture alone is a message.
    await page.click('[data-test=send]');
    const { requestId, text, images } = await shown.posted('send');
    assert.equal(text, '');
    assert.equal(images.length, 1);
    assert.equal(images[0]?.mediaType, 'image/png');
    assert.equal(images[0]?.name, 'shot1.png');
    // It is small enough to stay byte for byte: a PNG of 30 by 10.
    const bytes = Buffer.from(images[0]?.data ?? '', 'base64');
    assert.deepEqual([bytes.readUInt32BE(16), bytes.readUInt32BE(20)], [30, 10]);
    await shown.push({ type: 'accepted', requestId });
    assert.equal(await page.locator(chips).count(), 0);
  });

  it('are dropped on the composer', async () => {
    const shown = await show();
    await bring(shown.page, 'drop', [{ width: 8, height: 8 }]);
    await shown.page.waitForSelector(chips);
  });

  it('survive a reload', async () => {
    const shown = await show();
    await bring(shown.page, 'paste', [{ width: 8, height: 8 }]);
    await shown.page.waitForSelector(chips);
    await settle(shown);
    await shown.reload();
    assert.deepEqual(await shown.page.locator(chips).allTextContents(), ['shot0.png']);
  });

  it('are scaled down to what models look at', async () => {
    const shown = await show();
    await bring(shown.page, 'paste', [{ width: 4_000, height: 1_000 }]);
    await shown.page.waitForSelector(chips);
    await shown.page.click('[data-test=send]');
    const { images } = await shown.posted('send');
    const bytes = Buffer.from(images[0]?.data ?? '', 'base64');
    assert.deepEqual([bytes.readUInt32BE(16), bytes.readUInt32BE(20)], [1_568, 392]);
  });

  it('become JPEG when they are too large otherwise, and stay within the limit of the protocol', async () => {
    const shown = await show();
    await bring(shown.page, 'paste', [{ width: 1_568, height: 1_568, noise: true }]);
    await shown.page.waitForSelector(chips);
    await shown.page.click('[data-test=send]');
    const { images } = await shown.posted('send');
    assert.equal(images[0]?.mediaType, 'image/jpeg');
    assert.ok((images[0]?.data.length ?? 0) <= imageDataLimit);
  });

  it('are at most 20', async () => {
    const shown = await show();
    await bring(
      shown.page,
      'paste',
      Array.from({ length: 22 }, () => ({ width: 4, height: 4 })),
    );
    await shown.page.waitForSelector('[data-test=refusal]');
    assert.equal(await shown.page.textContent('[data-test=refusal]'), 'A message takes at most 20 pictures.');
    assert.equal(await shown.page.locator(chips).count(), 20);
  });

  for (const [name, type, content, reason] of [
    ['notes.txt', 'text/plain', 'hello', /Only pictures can be attached/],
    ['broken.png', 'image/png', 'not a picture', /broken\.png could not be read as a picture/],
    [
      'logo.svg',
      'image/svg+xml',
      '<svg xmlns="http://www.w3.org/2000/svg" onload="pwned=1"/>',
      /logo\.svg could not be read/,
    ],
  ] as const) {
    it(`are not ${name}, and the person is told`, async () => {
      const shown = await show();
      await shown.page.$eval(
        composer,
        (element, file) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([file.content], file.name, { type: file.type }));
          element.dispatchEvent(
            new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: transfer }),
          );
        },
        { name, type, content },
      );
      await shown.page.waitForSelector('[data-test=refusal]');
      assert.match((await shown.page.textContent('[data-test=refusal]')) ?? '', reason);
      assert.equal(await shown.page.locator(chips).count(), 0);
    });
  }

  it('stand in the message they were sent with', async () => {
    const data =
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    const item = user('u1', 'Look');
    if (item.kind !== 'user') throw new Error('a user item');
    const content = [
      ...item.message.content,
      { type: 'image', mediaType: 'image/png', data, name: 'dot.png' },
    ] as const;
    const shown = await show([snapshot([{ ...item, message: { ...item.message, content } }])]);
    const picture = shown.page.locator('[data-test=user] img');
    assert.equal(await picture.getAttribute('alt'), 'dot.png');
    assert.equal(await picture.evaluate((element: HTMLImageElement) => element.naturalWidth), 1);
  });
});
