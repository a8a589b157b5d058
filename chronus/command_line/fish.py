"""Writes the completion for fish: a line for each form and each option."""

from __future__ import annotations

from chronus.command_line.offers import Names, Option, all_of, description, options_of, quoted
from chronus.command_line.parser import Parser, takers


def script(parser: Parser, names: Names) -> str:
    """The text that fish reads."""

    offered = {
        "scripts": "(__chronus_scripts)",
        "kinds": " ".join(names.kinds),
        "engines": "(__chronus_engines)",
        "devices": "null",
    }

    def taken(value: str | tuple[str, ...]) -> str:
        """What `complete` is told of a value: words, or files too."""
        words = offered.get(value, "") if isinstance(value, str) else " ".join(value)
        kept = " -F" if value in ("files", "scripts") else " -f"
        return kept + (f" -a {quoted(words)}" if words else "")

    def line(condition: str, option: Option) -> str:
        flags = "".join(f" -{'l' if name.startswith('--') else 's'} {name.lstrip('-')}" for name in option.names)
        value = "" if option.value is None else (" -r" * bool(option.names)) + taken(option.value)
        return f"complete -c chronus -n {quoted(condition)}{flags}{value} -d {quoted(option.does)}"

    forms = parser.forms()
    lines = [
        f"complete -c chronus -n __chronus_first -a {name} -d {quoted(description(parser, name))}" for name in forms
    ]
    lines.append(f"complete -c chronus -n __chronus_first{taken('scripts')} -d script")
    lines += [line("__chronus_of", option) for option in options_of(parser)]
    lines += [line(f"__chronus_of {name}", option) for name, form in forms.items() for option in options_of(form)]
    return f"""\
# chronus: completion for fish, as `chronus completion fish` prints it

function __chronus_word
    set -l words (commandline -opc)
    set -l takers {" ".join(sorted(takers(all_of(parser))))}
    set -l value 0
    for word in $words[2..-1]
        if test $value = 1
            set value 0
        else if contains -- $word $takers
            set value 1
        else if not string match -q -- '-*' $word
            echo $word
            return
        end
    end
end

function __chronus_first
    test -z (__chronus_word)
end

function __chronus_of
    set -l word (__chronus_word)
    if set -q argv[1]
        test "$word" = $argv[1]
    else
        not contains -- "$word" {" ".join(forms)}
    end
end

function __chronus_named
    for file in $argv
        string replace -r '^.*/([^/]*)\\.[^./]*$' '$1' -- $file
    end
end

function __chronus_scripts
    set -l home $HOME/.local/share/chronus
    set -q XDG_DATA_HOME; and set home $XDG_DATA_HOME/chronus
    set -q CHRONUS_HOME; and set home $CHRONUS_HOME
    set -l files $home/patches/*.chronus
    printf '%s\\n' {" ".join(names.scripts)} (__chronus_named $files)
end

function __chronus_engines
    set -l runtime /tmp
    set -q XDG_RUNTIME_DIR; and set runtime $XDG_RUNTIME_DIR
    set -l sockets $runtime/chronus*/*.sock
    __chronus_named $sockets
end

complete -c chronus -f
{chr(10).join(lines)}
"""
