/** One end for several things that are to be ended together. */
export const both =
  (...ends: readonly (() => void)[]) =>
  (): void => {
    for (const end of ends) end();
  };
