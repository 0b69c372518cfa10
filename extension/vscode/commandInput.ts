/** What commands are called with: by code with ids, by a menu with what was clicked, by the palette with nothing. */
import * as z from 'zod';
import { InputError } from '../core/agents.ts';

export const idSchema = z.string().min(1).max(200);

export const parse = <T>(schema: z.ZodType<T>, value: unknown): T => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InputError(`The command's arguments are not right: ${z.prettifyError(parsed.error)}`);
};

/** The `data-vscode-context` of what was clicked in the chat view, as VS Code hands it to a menu's command. */
const clicked = z.object({
  webviewSection: z.enum(['session', 'message']),
  sessionId: idSchema,
  itemId: idSchema.optional(),
});

/** Whether a person chose the command from a menu of the chat view: then a failure is told, and what is missing asked for. */
export const isFromMenu = (value: unknown): boolean => clicked.safeParse(value).success;

/** @returns undefined where the person has to say which chat. @throws InputError for anything else */
export const givenSession = (value: unknown): string | undefined => {
  if (value === undefined || value === null) return undefined;
  const menu = clicked.safeParse(value);
  return menu.success ? menu.data.sessionId : parse(idSchema, value);
};

/** As `givenSession`, with a message or step of the chat. */
export const givenItem = (
  session: unknown,
  item: unknown,
): { readonly sessionId?: string; readonly itemId?: string } => {
  const menu = clicked.safeParse(session);
  // A menu passes arguments of its own behind what was clicked.
  const itemId = menu.success ? menu.data.itemId : item === undefined ? undefined : parse(idSchema, item);
  const sessionId = givenSession(session);
  return {
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(itemId === undefined ? {} : { itemId }),
  };
};
