import type { MenuCommand } from './types.ts';

/** The commands of a bot as its menu and its help show them, the most used first. */
export const botMenu: readonly MenuCommand[] = [
  { command: 'new', description: 'Begin a new chat; a name behind it chooses the agent' },
  { command: 'stop', description: 'Stop the work and drop what waits' },
  { command: 'status', description: 'What the agent does, and what is left of the budget' },
  { command: 'files', description: 'Files this chat changed; a path behind it sends that file' },
  { command: 'diff', description: 'All changes of this chat, as a document' },
  { command: 'chats', description: 'Go on here with a chat of this folder' },
  { command: 'agent', description: 'Choose the agent' },
  { command: 'model', description: 'Choose the model of this chat' },
  { command: 'approve', description: 'Allow a question by its id' },
  { command: 'deny', description: 'Deny a question by its id' },
  { command: 'schedules', description: 'What runs at set times' },
  { command: 'whoami', description: 'Your numeric ids, and what you may do' },
  { command: 'help', description: 'All commands' },
];
