import assert from 'node:assert/strict';
import { InputError } from '../../extension/core/agents.ts';
import type { Tool } from '../../extension/core/tool.ts';
import type { Upload } from '../../extension/telegram/types.ts';
import { fakeTool, output } from '../fakes/tool.ts';
import { call, callReply } from '../fakes/provider.ts';
import { ann } from './cardHouse.ts';
import { commandRig } from './commandRig.ts';

const long = `src/${'deep/'.repeat(20)}file.ts`;

/** Says that it changed the file it was called with. */
const writes: Tool = fakeTool('write_file', {
  run: async () => output('done'),
});

const upload = (name: string): Upload => ({ name, bytes: new Uint8Array([1]), kind: 'photo' });
