import type { ToHost } from '../shared/protocol.ts';
import type { PlainBody } from './chatView.ts';

export type Post = (body: PlainBody) => void;

/** One function per message of the view: a missing one does not compile. */
export type Handlers = {
  readonly [Type in ToHost['type']]: (
    message: Extract<ToHost, { type: Type }>,
    post: Post,
  ) => Promise<unknown>;
};
