import type { FreeableKind, RepairKind, StorageReport, StorageUse } from '../core/storageReport.ts';
import type { CheckOptions } from './checking.ts';
import { checkStorage } from './storageCheck.ts';
import { freeStorage, type RepairOptions, repairStorage } from './storageRepair.ts';
import { measureUse } from './storageUse.ts';

export interface StorageCare {
  use(): Promise<StorageUse>;
  check(): Promise<StorageReport>;
  /** @param call unique name @returns what was done, a sentence for a person */
  repair(call: string, kind: RepairKind): Promise<string>;
  /** @param call unique name @returns bytes that were freed */
  free(call: string, kind: FreeableKind): Promise<number>;
}

/** What a person can ask about the space and the state of the storage, and have done about it. */
export const createStorageCare = (options: Omit<CheckOptions & RepairOptions, 'measureUse'>): StorageCare => {
  const use = (): Promise<StorageUse> => measureUse(options);
  const all = { ...options, measureUse: use };
  return {
    use,
    check: () => checkStorage(all),
    repair: (call, kind) => repairStorage(all, call, kind),
    free: (call, kind) => freeStorage(all, call, kind),
  };
};
