import { type EngineInfo, SandboxError, type SandboxSpec } from '../core/sandbox.ts';
import { asEngineLost, engineMessage, engineWords } from './engineMessages.ts';
import { EngineHangs, statusOf } from './stop.ts';

/** The engine went away, or does not answer any more. */
export const engineLostDuring = (error: unknown): SandboxError | undefined => {
  const reason = error instanceof EngineHangs ? 'it does not answer any more' : 'it stopped';
  if (!(error instanceof EngineHangs) && asEngineLost(error) === undefined) return undefined;
  return new SandboxError(
    'engineLost',
    `The container engine was lost while the program ran: ${reason}. What the program had written into the folder is kept, but it may not have come to its end. Start the engine again, then run it once more.`,
    { cause: error },
  );
};

export const missingImage = (image: string): SandboxError =>
  new SandboxError(
    'missingImage',
    `The image ${image} is not on this computer. Nothing ran. Fetch or build it (Skills view, “Check Sandbox”), then try again.`,
  );

const isUnseenFolder = (words: string): boolean =>
  /bind source path does not exist|mounts denied|not shared from the host|statfs .*: no such file/i.test(
    words,
  );

/** What a failure to make or start a container means, in words for a person. */
export const startFailure = (
  error: unknown,
  spec: Pick<SandboxSpec, 'workspace' | 'limits'>,
  engine: EngineInfo,
): unknown => {
  if (error instanceof SandboxError) return error;
  const lost = engineLostDuring(error);
  if (lost !== undefined) return lost;
  const status = statusOf(error);
  if (status === undefined) return error;
  const words = engineWords(error);
  if (status === 404 && /image/i.test(words)) return missingImage(spec.limits.image);
  if (isUnseenFolder(words)) {
    const facts = { address: engine.address, folder: spec.workspace, platform: process.platform };
    return new SandboxError('folderUnseen', engineMessage('folderUnseen', facts), { cause: error });
  }
  return new SandboxError(
    'refused',
    `${engine.name} did not start the program: ${words}. Nothing ran. Check the image and the limits of the skill.`,
    { cause: error },
  );
};
