import assert from 'node:assert/strict';
import { answers, executed, resetVscode, told } from '../fakes/vscode.ts';
import { opened, Position, Selection } from '../fakes/vscodeDocuments.ts';
import { approve, change, createReviewRig, disposeReviews, requestOf, right, sides } from './reviewRig.ts';

describe('leaving out a change', () => {
  beforeEach(resetVscode);
  afterEach(disposeReviews);

  const before = 'one\ntwo\nthree\nfour\nfive\n';
  const after = 'ONE\ntwo\nthree\nfour\nFIVE\nsix\n';
  const putCursor = (line: number): void => {
    assert.ok(opened.editor);
    const at = new Position(line, 0);
    opened.editor.selection = new Selection(at, at);
  };

  it('puts the lines at the cursor back, goes on to the next, and asks when nothing is left', async () => {
    const { review, decide, decisions } = createReviewRig([
      requestOf('one', [change('a.ts', before, after)]),
    ]);
    await review.open('one');
    putCursor(0);
    await review.rejectChange();
    assert.equal(right().getText(), 'one\ntwo\nthree\nfour\nFIVE\nsix\n');
    assert.equal(opened.editor?.selection.active.line, 4);
    assert.deepEqual(review.accepted('one'), [{ file: '/folder/a.ts', text: right().getText() }]);
    assert.deepEqual(told, []);
    answers.push('Reject');
    await review.rejectChange();
    assert.equal(right().getText(), before);
    assert.deepEqual(told, ['Nothing is left of this edit: reject it?']);
    assert.deepEqual(executed.at(-1), [
      'anycowork.rejectAction',
      'one',
      { reason: 'Every change of it was left out in the review.' },
    ]);
    // Whoever says nothing is asked again, and approving is a no.
    await review.rejectChange();
    assert.equal(told.length, 2);
    await decide('one', approve);
    assert.equal(decisions[0]?.approved, false);
  });

  it('takes the next change where the cursor is at none', async () => {
    const { review } = createReviewRig([requestOf('one', [change('a.ts', before, after)])]);
    await review.open('one');
    putCursor(2);
    await review.rejectChange();
    assert.equal(right().getText(), 'ONE\ntwo\nthree\nfour\nfive\n');
  });

  it('finds changes of files whose editor is not seen', async () => {
    const { review } = createReviewRig([
      requestOf('one', [change('a.ts', 'a\n', 'A\n'), change('b.ts', undefined, 'B\n')]),
    ]);
    await review.open('one');
    const text = (name: string) =>
      sides()
        .find(({ uri }) => uri.path === name && uri.query.endsWith('after'))
        ?.getText();
    await review.rejectChange();
    assert.deepEqual([text('/a.ts'), text('/b.ts')], ['A\n', '']);
    await review.rejectChange();
    assert.deepEqual([text('/a.ts'), text('/b.ts')], ['a\n', '']);
    assert.deepEqual(told, ['Nothing is left of this edit: reject it?']);
  });

  it('says that there is nothing to leave out', async () => {
    const { review } = createReviewRig([requestOf('one', [change('a.ts', 'a\n', undefined)])]);
    await review.rejectChange();
    await review.open('one');
    await review.rejectChange();
    const nothing = 'No change that waits for your approval is shown here.';
    assert.deepEqual(told, [nothing, nothing]);
  });
});
