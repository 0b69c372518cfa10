import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { budgetScopes } from '../../extension/shared/budget.ts';
import { configured } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { budgetLimits, commandImage, sandboxHost } = await loadWithVscode(
  () => import('../../extension/vscode/settings.ts'),
);

describe('the settings of budgets', () => {
  afterEach(() => configured.clear());

  const wrong = Number.NaN;
  const all = { usd: wrong, tokens: wrong, requests: wrong, minutes: wrong };
  const cases: [name: string, set: unknown, limits: object][] = [
    ['dollars only, without the minutes of the default', { usd: 5 }, { usd: 5 }],
    ['nothing, so that there is no limit', {}, {}],
    ['no dollars', { usd: 0 }, { usd: 0 }],
    ['one that is wrong beside one that is right', { usd: 5, tokens: 'many' }, { usd: 5, tokens: wrong }],
    ['less than nothing', { usd: -1 }, { usd: wrong }],
    ['nothing at all for one', { usd: null, minutes: 3 }, { usd: wrong, minutes: 3 }],
    ['a kind that there is not', { usd: 5, dollars: 5 }, all],
    ['a number', 5, all],
    ['a list', [5], all],
    ['a text', '{"usd":5}', all],
  ];
  for (const [name, set, limits] of cases) {
    it(`may be ${name}`, () => {
      configured.set('anycowork.budget.job', set);
      assert.deepEqual(budgetLimits().job, limits);
      assert.deepEqual(budgetLimits().day, { usd: 50 }, 'each is for itself');
    });
  }

  it('have defaults where nothing is set, and not in the manifest, with which VS Code would mix what is set', () => {
    assert.deepEqual(budgetLimits(), {
      job: { tokens: 5_000_000, minutes: 60, usd: 10 },
      chat: { usd: 50 },
      agent: {},
      day: { usd: 50 },
    });
    const { contributes } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    for (const scope of budgetScopes) {
      assert.deepEqual(contributes.configuration.properties[`anycowork.budget.${scope}`].default, {});
    }
  });
});

describe('the settings of the sandbox', () => {
  afterEach(() => configured.clear());

  it('are texts, and nothing where nothing or something else is set', () => {
    assert.deepEqual([sandboxHost(), commandImage()], [undefined, '']);
    configured.set('anycowork.sandbox.host', ' unix:///run/x.sock ');
    configured.set('anycowork.sandbox.commandImage', 'node:22-slim');
    assert.deepEqual([sandboxHost(), commandImage()], ['unix:///run/x.sock', 'node:22-slim']);
    configured.set('anycowork.sandbox.host', 5);
    configured.set('anycowork.sandbox.commandImage', ['x']);
    assert.deepEqual([sandboxHost(), commandImage()], [undefined, '']);
  });
});
