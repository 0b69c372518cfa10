/** Where the commands of an agent run: on this computer, or in a container. */
import { planExecution } from '../core/executionPlan.ts';
import { type Sandbox, SandboxError, type SandboxLimits, type SandboxResult } from '../core/sandbox.ts';
import { defaultLimits } from '../core/skills.ts';
import { ToolError } from '../core/tool.ts';
import type { WorkspacePath } from '../core/workspace.ts';
import type { ExecutionSettings } from '../shared/agent.ts';

/** A command line in a container. */
export interface SandboxedCommand {
  readonly line: string;
  /** Where it starts; its workspace folder is /workspace. */
  readonly folder: WorkspacePath;
  /** On top of what every container has. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  onOutput(chunk: Buffer): Promise<void>;
}

export type CommandPlace =
  /** `note`: why the sandbox does not hold it, `Not sandboxed: …`; empty where nobody expects that it does. */
  | { readonly kind: 'host'; readonly note: string }
  | {
      readonly kind: 'sandbox';
      /** For a person, one each: what it can reach and what it may use. */
      readonly facts: readonly string[];
      readonly hasNetwork: false;
      /** Most memory, in megabytes. */
      readonly memoryMb: number;
      /** @throws ToolError where it cannot run; the signal's reason when aborted, once the container is gone */
      run(command: SandboxedCommand, signal: AbortSignal): Promise<SandboxResult>;
    }
  /** Why, and what to do. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Of one agent. */
export interface CommandPlaces {
  /** What its commands may meet: `either` where it depends on whether there is an engine. */
  readonly expected: 'host' | 'sandbox' | 'either';
  place(folder: WorkspacePath): Promise<CommandPlace>;
}

export interface CommandPlacePorts {
  readonly sandbox: Pick<Sandbox, 'state' | 'hasImage' | 'run'>;
  readonly execution: Pick<ExecutionSettings, 'sandbox' | 'memoryMb' | 'cpus'>;
  isTrusted(): boolean;
  /** Image in which commands find the tools of the project; empty: none is set. Read once. */
  commandImage(): string;
  /** The person is to be offered to get this image. Answers at once; may be called several times for the same. */
  imageMissing(image: string): void;
}

/** What every image has. */
const shell = ['/bin/sh', '-c'];

const factsOf = ({ image, memoryMb, cpus }: SandboxLimits): readonly string[] => [
  'no network',
  'of this computer only the workspace folder, as /workspace',
  `at most ${memoryMb} MB of memory and ${cpus === 1 ? '1 processor' : `${cpus} processors`}`,
  `image ${image}`,
];

export const createCommandPlaces = (ports: CommandPlacePorts): CommandPlaces => {
  const { sandbox, execution } = ports;
  const chosen = ports.commandImage();
  /** A plain image has none of the project's tools: where the agent does not insist, commands wait for one that has. */
  const isLeftOnHost = execution.sandbox === 'flexible' && chosen === '';
  const image = chosen === '' ? defaultLimits.image : chosen;
  const isDirect = execution.sandbox === 'direct' || isLeftOnHost;

  const missing = (): string => {
    ports.imageMissing(image);
    return `The image ${image}, in which commands of this agent run, is not on this computer. Nothing was run, and nothing was downloaded. The person is offered to get it; or they choose another in the setting anycowork.sandbox.commandImage. Try again once it is there.`;
  };

  /** @throws ToolError for what a person can do something about */
  const withReasons = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SandboxError)) throw error;
      const reason = error.kind === 'missingImage' ? missing() : error.message;
      throw new ToolError(reason, { cause: error });
    }
  };

  const sandboxed = (): CommandPlace => {
    const limits: SandboxLimits = {
      ...defaultLimits,
      image,
      memoryMb: Math.min(defaultLimits.memoryMb, execution.memoryMb),
      cpus: Math.min(defaultLimits.cpus, execution.cpus),
    };
    return {
      kind: 'sandbox',
      facts: factsOf(limits),
      hasNetwork: false,
      memoryMb: limits.memoryMb,
      run: ({ line, folder, environment, timeoutMs, onOutput }, signal) =>
        withReasons(() =>
          sandbox.run(
            {
              argv: [...shell, line],
              input: '',
              workspace: folder.realRoot,
              below: folder.below,
              limits: { ...limits, timeoutSeconds: timeoutMs / 1_000 },
              environment,
              onOutput,
            },
            signal,
          ),
        ),
    };
  };

  return {
    expected: isDirect ? 'host' : execution.sandbox === 'sandbox' ? 'sandbox' : 'either',
    place: async (folder) => {
      const isTrusted = ports.isTrusted();
      const agentMode = isDirect ? 'direct' : execution.sandbox;
      const state = isTrusted && !isDirect ? await sandbox.state(folder.realRoot) : undefined;
      const engine = state?.kind === 'ready' ? 'ready' : 'unavailable';
      const { place, reason } = planExecution({ agentMode, engine, isTrusted });
      const why = state?.kind === 'unavailable' ? `${reason} ${state.message}` : reason;
      if (place === 'refused') return { kind: 'refused', reason: why };
      if (place === 'host') return { kind: 'host', note: isDirect ? '' : why };
      try {
        const hasImage = await withReasons(() => sandbox.hasImage(image));
        return hasImage ? sandboxed() : { kind: 'refused', reason: missing() };
      } catch (error) {
        if (error instanceof ToolError) return { kind: 'refused', reason: error.message };
        throw error;
      }
    },
  };
};
