/** What stands in the place of content whose file is gone. */
import type { TextBlock } from '../shared/message.ts';

export const goneText = '[This content was stored in a separate file, which is gone.]';

/** A picture without its bytes is no picture: every model would refuse the request that it is in. */
export const gonePicture = (name: string | undefined): TextBlock => ({
  type: 'text',
  text: `[The picture${name === undefined ? '' : ` ${name}`} was stored in a separate file, which is gone.]`,
});
