/** Work that is done one after the other for each key, and beside each other for different ones. */
export type InTurn<Key> = <Result>(key: Key, work: () => Promise<Result>) => Promise<Result>;

export const createInTurn = <Key>(): InTurn<Key> => {
  const tails = new Map<Key, Promise<unknown>>();
  return (key, work) => {
    // What came before may have failed: that is told to whoever asked for it.
    const before = tails.get(key)?.catch(() => undefined) ?? Promise.resolve();
    const result = before.then(work);
    tails.set(key, result);
    const forget = (): void => {
      if (tails.get(key) === result) tails.delete(key);
    };
    result.then(forget, forget);
    return result;
  };
};
