/** What every provider must do. One suite, run against each of the four; what differs is the wire. */
import { onAimock } from './contractOnAimock.ts';
import { onBytes } from './contractOnBytes.ts';
import { onConnections } from './contractOnConnections.ts';
import type { Wire } from './wire.ts';

export const providerContract = (wire: Wire): void => {
  describe(`${wire.id}: the contract of every provider`, () => {
    onAimock(wire);
    onBytes(wire);
    onConnections(wire);
  });
};
