/** What of a server's command must not stand in its log, though the server may print it. */

const secretName = /token|key|secret|passw|pwd|credential|auth|cookie|connection_?string|dsn/i;

/** Values of variables and options that are called as secrets are, and the passwords in addresses. */
export const secretsOf = ({
  args,
  env,
}: {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}): readonly string[] => {
  const named = Object.entries(env).flatMap(([name, value]) => (secretName.test(name) ? [value] : []));
  const options = args.flatMap((argument, index) => {
    const [, name, value] = /^--?([\w-]+)(?:=([\s\S]*))?$/.exec(argument) ?? [];
    if (name === undefined || !secretName.test(name)) return [];
    const given = value ?? args[index + 1];
    return given === undefined ? [] : [given];
  });
  const passwords = [...args, ...Object.values(env)].flatMap((text) => {
    const password = /^[a-z][\w+.-]*:\/\/[^/\s:@]*:([^@\s]+)@/i.exec(text)?.[1];
    return password === undefined ? [] : [password];
  });
  return [...named, ...options, ...passwords];
};
