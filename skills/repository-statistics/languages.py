"""Which language a file is in, and how its comments begin."""

LANGUAGES = {
    "TypeScript": ("ts tsx mts cts", "//", "/* */"),
    "JavaScript": ("js jsx mjs cjs", "//", "/* */"),
    "Python": ("py pyi pyw", "#", '""" """'),
    "Rust": ("rs", "//", "/* */"),
    "Go": ("go", "//", "/* */"),
    "Java": ("java", "//", "/* */"),
    "Kotlin": ("kt kts", "//", "/* */"),
    "Scala": ("scala sc", "//", "/* */"),
    "C": ("c h", "//", "/* */"),
    "C++": ("cc cpp cxx hpp hh hxx", "//", "/* */"),
    "C#": ("cs", "//", "/* */"),
    "Objective-C": ("m mm", "//", "/* */"),
    "Swift": ("swift", "//", "/* */"),
    "Dart": ("dart", "//", "/* */"),
    "Ruby": ("rb rake gemspec", "#", ""),
    "PHP": ("php", "//", "/* */"),
    "Perl": ("pl pm", "#", ""),
    "Lua": ("lua", "--", "--[[ ]]"),
    "R": ("r", "#", ""),
    "Julia": ("jl", "#", "#= =#"),
    "Haskell": ("hs", "--", "{- -}"),
    "Elixir": ("ex exs", "#", ""),
    "Erlang": ("erl hrl", "%", ""),
    "Clojure": ("clj cljs cljc edn", ";", ""),
    "OCaml": ("ml mli", "", "(* *)"),
    "F#": ("fs fsx", "//", "(* *)"),
    "Zig": ("zig", "//", ""),
    "Shell": ("sh bash zsh fish", "#", ""),
    "PowerShell": ("ps1 psm1", "#", "<# #>"),
    "Batch": ("bat cmd", "rem ", ""),
    "SQL": ("sql", "--", "/* */"),
    "HTML": ("html htm xhtml", "", "<!-- -->"),
    "Vue": ("vue", "//", "<!-- -->"),
    "Svelte": ("svelte", "//", "<!-- -->"),
    "CSS": ("css", "", "/* */"),
    "Sass": ("scss sass less", "//", "/* */"),
    "XML": ("xml xsl xsd svg", "", "<!-- -->"),
    "JSON": ("json jsonc json5", "//", ""),
    "YAML": ("yaml yml", "#", ""),
    "TOML": ("toml", "#", ""),
    "INI": ("ini cfg conf properties", "#", ""),
    "Markdown": ("md markdown mdx", "", "<!-- -->"),
    "reStructuredText": ("rst", "", ""),
    "LaTeX": ("tex sty", "%", ""),
    "Text": ("txt", "", ""),
    "Protocol Buffers": ("proto", "//", "/* */"),
    "GraphQL": ("graphql gql", "#", ""),
    "Terraform": ("tf tfvars hcl", "#", "/* */"),
    "Jupyter": ("ipynb", "", ""),
}
NAMES = {"Dockerfile": "Docker", "Makefile": "Make", "CMakeLists.txt": "CMake", "Rakefile": "Ruby", "Gemfile": "Ruby", "Jenkinsfile": "Groovy"}
BY_SUFFIX = {suffix: name for name, (suffixes, _, _) in LANGUAGES.items() for suffix in suffixes.split()}


def language_of(path):
    name = path.rsplit("/", 1)[-1]
    if name in NAMES:
        return NAMES[name]
    return BY_SUFFIX.get(name.rsplit(".", 1)[-1].lower()) if "." in name else None


def count(text, language):
    """@returns lines of code, of comment, and empty ones"""
    _, line_mark, block = LANGUAGES.get(language, ("", "#", ""))
    begin, _, end = block.partition(" ")
    code = comment = empty = 0
    inside = False
    for line in text.splitlines():
        line = line.strip()
        if not line:
            empty += 1
        elif inside:
            comment += 1
            inside = end not in line
        elif line_mark and line.lower().startswith(line_mark):
            comment += 1
        elif begin and line.startswith(begin):
            comment += 1
            inside = end not in line[len(begin) :]
        else:
            code += 1
    return code, comment, empty
