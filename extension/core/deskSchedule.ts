/** Schedules whose answers stay in the editor: each run is a chat of its own. */
import type { EventOf } from '../shared/event.ts';
import type { Schedule } from '../shared/telegram.ts';
import { InputError } from './agents.ts';
import type { Chats } from './chats.ts';
import type { JobOrigin } from './jobOrigin.ts';
import type { Jobs } from './jobs.ts';

export type EndEvent = EventOf<'JobCompleted' | 'JobFailed' | 'JobCancelled'>;

export interface DeskSchedule {
  /** Resolves once the agent works. @throws InputError, StoreError; nothing was sent then */
  run(schedule: Schedule): Promise<void>;
  close(): void;
}

/** The same may run as when the person had typed it: the agent's own mode and budgets hold, and no others. */
export const scheduleOrigin: JobOrigin = {
  configId: '',
  via: 'a schedule',
  mode: () => 'autopilot',
  checkBudget: async () => undefined,
  onStart: async () => undefined,
};

export const createDeskSchedule = (ports: {
  readonly chats: Pick<Chats, 'send'>;
  readonly jobs: Pick<Jobs, 'onEvent'>;
  newId(): string;
  /** What it ran for has come to its end. */
  tellEnd(schedule: Schedule, sessionId: string, event: EndEvent): void;
}): DeskSchedule => {
  /** What runs, by the id of its chat. */
  const running = new Map<string, Schedule>();
  const unlisten = ports.jobs.onEvent((event, sessionId) => {
    if (event.type !== 'JobCompleted' && event.type !== 'JobFailed' && event.type !== 'JobCancelled') return;
    const schedule = running.get(sessionId);
    // What the person does in the chat later on is no run of the schedule.
    running.delete(sessionId);
    if (schedule !== undefined) ports.tellEnd(schedule, sessionId, event);
  });

  return {
    run: async (schedule) => {
      if ([...running.values()].some(({ id }) => id === schedule.id)) {
        throw new InputError('Its last run is still at work, so this one was left out.');
      }
      const sessionId = ports.newId();
      // Before it is sent: the end may be told before the answer to this comes.
      running.set(sessionId, schedule);
      try {
        await ports.chats.send({
          newSessionId: sessionId,
          agentId: schedule.agentId,
          text: schedule.prompt,
          origin: scheduleOrigin,
        });
      } catch (error) {
        running.delete(sessionId);
        throw error;
      }
    },
    close: () => {
      unlisten();
      running.clear();
    },
  };
};
