/** Settings with which questions stand in the chat alone, for windows in which nobody answers a dialog. */
export const askInChat = Object.fromEntries(
  ['read', 'write', 'execute', 'network'].map((effect) => [`anycowork.approvals.${effect}`, 'chat']),
);
