/** What a tool does, in a word before what it does it to. */
const verbs: Readonly<Record<string, string>> = {
  read_file: 'Read',
  list_directory: 'List',
  find_files: 'Find',
  search_text: 'Search',
  write_file: 'Write',
  edit_file: 'Edit',
  move_file: 'Move',
  delete_file: 'Delete',
  run_command: 'Run',
  use_skill: 'Use skill',
  read_skill_file: 'Read',
  run_skill: 'Run skill',
  diagnostics: 'Check',
  find_mcp_tools: 'Find tools',
  call_mcp_tool: 'Use',
};

/**
 * Whose tool it is, from the name it has for models: of `memory__read_graph` it is `memory`, the name of the server with
 * what models cannot take replaced. Undefined for our own tools.
 */
export const outsideServer = (tool: string): string | undefined => {
  const end = tool.indexOf('__');
  return end < 1 ? undefined : tool.slice(0, end);
};

/** `Read`, `Run`, `Use` of a tool from outside; the tool's own name where there is no verb for it. */
export const verbOf = (tool: string): string =>
  Object.hasOwn(verbs, tool) ? (verbs[tool] ?? tool) : outsideServer(tool) === undefined ? tool : 'Use';
