/** What of a server's command must not stand in its log, though the server may print it. */
import { isSecretForm, isSecretName } from './secretNames.ts';

/** With or without `https://` in front, as proxies are named. */
const proxyPassword = /^(?:[a-z][\w+.-]*:\/\/)?[^/\s:@]*:([^@\s]+)@/i;
const password = /^[a-z][\w+.-]*:\/\/[^/\s:@]*:([^@\s]+)@/i;

/** What was typed as a secret, what is called or looks like one, and the passwords in addresses. */
export const secretsOf = ({
  args,
  env,
  secrets = [],
}: {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
}): readonly string[] => {
  const named = Object.entries(env).flatMap(([name, value]) =>
    isSecretName(name) || isSecretForm(value) ? [value] : [],
  );
  const options = args.flatMap((argument, index) => {
    const [, name, value] = /^--?([\w-]+)(?:=([\s\S]*))?$/.exec(argument) ?? [];
    if (isSecretForm(argument)) return [argument];
    if (name === undefined || !isSecretName(name)) return [];
    const given = value ?? args[index + 1];
    return given === undefined ? [] : [given];
  });
  const passwords = [
    ...args.map((text) => password.exec(text)),
    ...Object.entries(env).map(([name, text]) =>
      (/proxy$/i.test(name) ? proxyPassword : password).exec(text),
    ),
  ].flatMap((found) => found?.[1] ?? []);
  return [...secrets, ...named, ...options, ...passwords];
};
