import type { CopyRequest, RewindRequest } from '../core/store.ts';
import type { ChatItem } from '../shared/chat.ts';
import type { Session } from '../shared/session.ts';
import type { Packer } from './blobs.ts';
import type { BuildTransaction } from './liveDatabase.ts';
import { saveSession } from './sessions.ts';
import type { Query, Statement } from './sqlite.ts';

export const copySession = (_query: Query, { to }: CopyRequest): readonly Statement[] => saveSession(to);

export const rewindSession = (_query: Query, { earlier }: RewindRequest): readonly Statement[] =>
  saveSession(earlier);

export const importSession =
  (session: Session, _items: readonly ChatItem[], _packer: Packer): BuildTransaction =>
  () =>
    saveSession(session);
