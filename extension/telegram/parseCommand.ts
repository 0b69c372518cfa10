export interface ParsedCommand {
  /** In lower case, without the slash. */
  readonly name: string;
  /** What stands behind it, trimmed. */
  readonly argument: string;
}

/**
 * A command as Telegram writes them: `/new`, `/New@my_bot Coder`. Undefined for other texts, for commands of other bots,
 * and for names with a dash, which skills have and Telegram's commands have not.
 * @param username of the bot, without the @
 */
export const parseCommand = (text: string, username: string): ParsedCommand | undefined => {
  const [, name, target, argument = ''] =
    /^\s*\/([a-z0-9_]{1,32})(?:@([a-z0-9_]{1,64}))?(?:\s+([\s\S]*))?$/i.exec(text) ?? [];
  if (name === undefined) return undefined;
  if (target !== undefined && target.toLowerCase() !== username.toLowerCase()) return undefined;
  return { name: name.toLowerCase(), argument: argument.trim() };
};
