/** Ids and times that count up, so that a failing run reads the same twice. */
export const counters = (): { newId(): string; now(): number } => {
  let ids = 0;
  let time = 1_000;
  return {
    newId: () => {
      ids += 1;
      return `id-${ids}`;
    },
    now: () => {
      time += 1;
      return time;
    },
  };
};
