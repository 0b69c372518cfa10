import type { ApprovalRequest } from '../../extension/core/approver.ts';
import type { ApprovalPrompt, Effect, FileDiff } from '../../extension/shared/event.ts';
import type { RuleOffer } from '../../extension/shared/rule.ts';

export const diff = (path: string, more: Partial<FileDiff> = {}): FileDiff => ({
  path,
  kind: 'changed',
  added: 2,
  removed: 1,
  patch: '@@ -1 +1,2 @@\n-a\n+b\n+c',
  omittedLines: 0,
  ...more,
});

export const offer = (duration: RuleOffer['duration'], label: string): RuleOffer => ({
  duration,
  matches: [{ kind: 'command', argv: ['npm', 'test'], folder: '.' }],
  label,
});

export const bothOffers: readonly RuleOffer[] = [
  offer('session', 'npm test in this chat'),
  offer('workspace', 'npm test in this workspace'),
];

const tools: Record<Effect, string> = {
  read: 'read_file',
  write: 'edit_file',
  execute: 'run_command',
  network: 'fetch_url',
};

/** A waiting step: a command, unless said otherwise. */
export const request = (
  id: string,
  prompt: Partial<ApprovalPrompt> = {},
  effect: Effect = 'execute',
): ApprovalRequest => ({
  jobId: 'job',
  agentName: 'Coder',
  step: {
    id,
    sessionId: 'chat',
    messageId: 'm',
    callId: `call-${id}`,
    tool: tools[effect],
    input: {},
    title: 'npm test',
    effect,
    targets: ['npm test'],
  },
  prompt: {
    title: 'Run npm test?',
    detail: 'npm test\n\nFolder: /home/me/shop',
    diffs: [],
    offers: bothOffers,
    reason: 'no rule covers it',
    isCautioned: false,
    ...prompt,
  },
  changes: [],
});

/** A listener in a set, as everything that is listened to has it. */
export const listenIn =
  <L>(all: Set<L>) =>
  (listener: L): (() => void) => {
    all.add(listener);
    return () => void all.delete(listener);
  };
