import assert from 'node:assert/strict';
import { draftFromSaved, draftToSave, emptyDraft } from '../../webview/draft.ts';

const image = { id: 'p1', mediaType: 'image/png', data: 'AAAA', name: 'shot.png' } as const;

describe('webview draft', () => {
  it('comes back as it was saved', () => {
    const draft = { text: 'Half a thought', images: [image] };
    assert.deepEqual(draftFromSaved(JSON.parse(JSON.stringify({ draft: draftToSave(draft) }))), draft);
  });

  it('is saved without pictures that are too large to keep, and with its text', () => {
    const large = { ...image, data: 'A'.repeat(600_000) };
    assert.equal(draftToSave({ text: 'x', images: [large] }).images.length, 1);
    const saved = draftToSave({ text: 'x', images: [large, large] });
    assert.deepEqual(saved, { text: 'x', images: [], lostImages: 2 });
    // It is said until the person has seen it, also after another reload.
    assert.deepEqual(draftFromSaved({ draft: saved }), saved);
    assert.equal(draftToSave(draftFromSaved({ draft: saved })).lostImages, 2);
  });

  for (const saved of [undefined, null, 7, 'text', [], {}, { draft: null }, { draft: { text: 5 } }]) {
    it(`is empty after ${JSON.stringify(saved)}`, () => {
      assert.deepEqual(draftFromSaved(saved), emptyDraft);
    });
  }

  it('leaves out pictures that are not whole', () => {
    const images = [image, { ...image, mediaType: 'image/svg+xml' }, { ...image, data: 5 }, null, 'x'];
    assert.deepEqual(draftFromSaved({ draft: { text: 'x', images } }), { text: 'x', images: [image] });
  });
});
