/** Where a program may run. Pure; the table of all cases is its test. */
import type { ExecutionMode } from '../shared/skill.ts';

export interface ExecutionQuestion {
  readonly agentMode: ExecutionMode;
  /** Absent: a command. */
  readonly skill?: { readonly mode: ExecutionMode; readonly requiresSandbox: boolean };
  readonly engine: 'ready' | 'unavailable';
  readonly isTrusted: boolean;
}

export type ExecutionPlan =
  | { readonly place: 'sandbox'; readonly reason: string }
  /** Always asked; the question says that nothing holds it. */
  | { readonly place: 'host'; readonly reason: string }
  /** `reason` says why, and what to do. */
  | { readonly place: 'refused'; readonly reason: string };

const refused = (reason: string): ExecutionPlan => ({ place: 'refused', reason });

const startEngine = 'Start Docker or Podman (“AnyCowork: Check Sandbox” says what is missing)';

const withoutEngine = (who: string, orElse: string): ExecutionPlan =>
  refused(
    `${who} only in the sandbox, and no container engine can be used. Nothing was run. ${startEngine}, ${orElse}.`,
  );

/**
 * Strictest wins: trust, then what the agent insists on, then what the skill does. A skill can ask for more safety than
 * the agent has, and never for less: one that would rather run on this computer still gets the sandbox where there is one.
 */
export const planExecution = ({ agentMode, skill, engine, isTrusted }: ExecutionQuestion): ExecutionPlan => {
  if (!isTrusted) {
    return refused(
      'This folder is not trusted, so nothing runs in it. Trust the folder first, and try again.',
    );
  }
  const insists = skill !== undefined && (skill.requiresSandbox || skill.mode === 'sandbox');
  if (agentMode === 'direct') {
    return insists
      ? refused(
          'This skill runs only in the sandbox, and this agent runs everything on this computer. Nothing was run. Choose “flexible” or “sandbox” as the execution setting of the agent.',
        )
      : { place: 'host', reason: 'Not sandboxed: this agent runs everything on this computer.' };
  }
  if (agentMode === 'sandbox') {
    if (engine === 'ready') return { place: 'sandbox', reason: 'This agent runs everything in the sandbox.' };
    return withoutEngine(
      'This agent runs everything',
      insists
        ? 'or use another skill: this one needs the sandbox too'
        : 'or choose “flexible” as the execution setting of the agent, which asks and then runs it on this computer',
    );
  }
  if (engine === 'ready') {
    const reason = insists ? 'This skill runs only in the sandbox.' : 'There is a sandbox.';
    return { place: 'sandbox', reason };
  }
  return insists
    ? withoutEngine('This skill runs', 'or use another skill')
    : {
        place: 'host',
        reason: `Not sandboxed: no container engine can be used, so it would run on this computer. ${startEngine} to have it held.`,
      };
};
