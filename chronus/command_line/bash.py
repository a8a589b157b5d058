"""Writes the completion for bash: a function that looks at the words before the one that is typed."""

from __future__ import annotations

from chronus.command_line.offers import HOME, RUNTIME, Names, all_of, argument_of, by_value, options_of
from chronus.command_line.parser import Parser, takers


def script(parser: Parser, names: Names) -> str:
    """The text that bash reads."""

    offered = {
        "scripts": f"_chronus_offer {' '.join(names.scripts)}; _chronus_named {HOME}/patches/*.chronus; _chronus_files",
        "kinds": f"_chronus_offer {' '.join(names.kinds)}",
        "engines": f"_chronus_named {RUNTIME}/*.sock",
        "devices": "_chronus_offer null",
        "files": "_chronus_files",
        "": ":",
    }

    def offer(value: str | tuple[str, ...]) -> str:
        return offered[value] if isinstance(value, str) else f"_chronus_offer {' '.join(value)}"

    def options(one: Parser) -> str:
        return " ".join(name for option in options_of(one) for name in option.names)

    forms = parser.forms()
    values = [f"        {'|'.join(taking)}) {offer(value)}; return ;;" for value, taking in by_value(parser).items()]
    known = [f"        {name}) options='{options(form)}' ;;" for name, form in forms.items()]
    arguments = [f"        {name}) {offer(argument_of(form))} ;;" for name, form in forms.items() if argument_of(form)]
    return f"""\
# chronus: completion for bash, as `chronus completion bash` prints it

_chronus_offer() {{
    local one
    for one in "$@"; do
        if [[ $one == "$word"* ]]; then COMPREPLY+=("$one"); fi
    done
}}

_chronus_named() {{
    local file
    for file in "$@"; do
        file=${{file##*/}}
        if [[ $file =~ ^[A-Za-z0-9] ]]; then _chronus_offer "${{file%.*}}"; fi
    done
}}

_chronus_files() {{
    local file
    compopt -o filenames 2>/dev/null
    while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$word")
}}

_chronus() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} first='' count=0 place options
    COMPREPLY=()
    if [[ $word == '=' ]]; then
        word=''
    elif [[ $before == '=' ]]; then
        before=${{COMP_WORDS[COMP_CWORD - 2]}}
    fi
    for ((place = 1; place < COMP_CWORD; place++)); do
        case ${{COMP_WORDS[place]}} in
        {"|".join(sorted(takers(all_of(parser))))})
            if [[ ${{COMP_WORDS[place + 1]}} == '=' ]]; then ((place++)); fi
            ((place++)) ;;
        -*) ;;
        *)
            ((count++))
            first=${{first:-${{COMP_WORDS[place]}}}} ;;
        esac
    done
    case $before in
{chr(10).join(values)}
    esac
    case $first in
{chr(10).join(known)}
        *) options='{options(parser)}' ;;
    esac
    if [[ $word == -* ]]; then
        _chronus_offer $options
        return
    fi
    case $first in
        '') _chronus_offer {" ".join(forms)}; {offer("scripts")} ;;
{chr(10).join(arguments)}
    esac
    if [[ $count -gt 1 ]]; then COMPREPLY=(); fi
}}

complete -F _chronus chronus
"""
