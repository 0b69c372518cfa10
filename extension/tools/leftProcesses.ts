import { groupIsAlive, hasProcess, killTree } from './processTree.ts';

/** What commands left running in the background, by process group, so that it does not outlive the window. */
export interface LeftProcesses {
  /** @returns whether anything of an ended command's group still runs; it is remembered then. Never on Windows */
  noteIfRunning(group: number): Promise<boolean>;
  /** Ends all of it: SIGTERM, and SIGKILL after 2 s. */
  end(): Promise<void>;
}

export const createLeftProcesses = (): LeftProcesses => {
  const groups = new Set<number>();
  return {
    noteIfRunning: async (group) => {
      const isRunning = await groupIsAlive(group);
      if (isRunning) groups.add(group);
      return isRunning;
    },
    end: async () => {
      const left = [...groups];
      groups.clear();
      // The command that led the group is gone, and its id is not given out again while the group lives: a process
      // with that id means that the group ended, and that the id is somebody else's by now.
      await Promise.all(left.filter((group) => !hasProcess(group)).map(killTree));
    },
  };
};
