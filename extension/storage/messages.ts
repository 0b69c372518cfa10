import type { StoreHandlers } from './storeService.ts';

/** What the storage thread is started with. */
export interface WorkerSetUp {
  readonly folder: string;
  /** Absolute path of sql-wasm.wasm. */
  readonly wasmFile: string;
  readonly ownerId: string;
  readonly incarnation: string;
  /** Bytes in memory from which old chats are put away into files; absent: a default. */
  readonly liveBytes?: number;
}

export type Method = keyof StoreHandlers;

type CallOf<M extends Method> = StoreHandlers[M] extends (call: string, ...args: infer A) => unknown
  ? { readonly method: M; readonly args: A }
  : never;

/** One method with its arguments. */
export type Call = { [M in Method]: CallOf<M> }[Method];
export type ResultOf<M extends Method> = Awaited<ReturnType<StoreHandlers[M]>>;

export interface ToWorker {
  readonly id: number;
  /** Unique name of the call, under which a write stands in the journal. */
  readonly name: string;
  /** The window's time of asking. */
  readonly at: number;
  readonly call: Call;
}

export type FromWorker =
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  /** `forPerson`: the message can be shown as it is. */
  | { readonly type: 'failure'; readonly id: number; readonly message: string; readonly forPerson: boolean }
  | { readonly type: 'report'; readonly problem: string }
  | { readonly type: 'changed' };
