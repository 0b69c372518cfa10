/** States of the view with skills in them. */
import type { SkillChoice } from '../../extension/shared/skill.ts';
import { snapshot, step, stepItem, toolMessage, user } from './samples.ts';
import type { State } from './sessionStates.ts';

export const skillChoices: readonly SkillChoice[] = [
  {
    id: 'pdf',
    description: 'Text, tables and pictures out of PDF files. Use it when a PDF has to be read or searched.',
    triggers: ['extract table', '*.pdf'],
    argumentHint: '[file]',
    isReviewed: true,
  },
  {
    id: 'charts',
    description: 'Bar, line and pie charts as PNG files, from CSV, spreadsheets or numbers given.',
    triggers: ['draw a chart'],
    isReviewed: true,
  },
  {
    id: 'workspace-deploy',
    description: 'Deploys this service to the test system.',
    triggers: ['deploy it'],
    isReviewed: false,
  },
];

const composer = '[data-test=composer]';
const run = step('k1', 'run_skill', 'spreadsheet read', 'execute', { name: 'spreadsheet', entry: 'read' });
const table = `Sheet **Sales**, 3 rows.

| Region | Quarter | Sales |
| --- | --- | ---: |
| North | Q1 | 1,204 |
| South | Q1 | 987 |

\`\`\`text
exit code 0
\`\`\``;

export const skillStates: readonly State[] = [
  {
    name: 'skill-chips',
    messages: [snapshot([], {}, { skills: skillChoices })],
    act: async (shown) => {
      await shown.page.fill(composer, 'Please extract table 2, then deploy it');
      await shown.page.waitForSelector('[data-test=skill-chip][data-attached=false]');
    },
  },
  {
    name: 'skill-menu',
    messages: [snapshot([], {}, { skills: skillChoices })],
    act: async (shown) => {
      await shown.page.fill(composer, '/');
      await shown.page.waitForSelector('[data-test=slash-item]');
    },
  },
  {
    name: 'skill-output',
    messages: [
      snapshot([
        user('u1', '/spreadsheet show me the sales'),
        stepItem(run, { result: toolMessage('k1', table) }),
      ]),
    ],
    act: async (shown) => {
      await shown.page.click('.step-toggle');
      await shown.page.waitForSelector('.step-drawn td');
    },
  },
];
