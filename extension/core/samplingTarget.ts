/** Whose model answers an MCP server that asks for an answer, and whose spending that is. */
import type { Jobs } from './jobs.ts';
import type { SamplingTarget } from './sampling.ts';
import type { Store } from './store.ts';

/** @returns undefined where no job runs in that chat: nobody would pay for it */
export const samplingTarget = async (
  { store, jobs }: { readonly store: Pick<Store, 'getSession'>; readonly jobs: Pick<Jobs, 'runningIn'> },
  sessionId: string | undefined,
): Promise<SamplingTarget | undefined> => {
  const jobId = sessionId === undefined ? undefined : jobs.runningIn(sessionId);
  const session = sessionId === undefined ? undefined : await store.getSession(sessionId);
  if (jobId === undefined || session === undefined) return undefined;
  return { model: session.model, place: { jobId, sessionId: session.id, agentId: session.agentId } };
};
