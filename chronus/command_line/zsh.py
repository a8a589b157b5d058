"""Writes the completion for zsh: the arguments of `_arguments` for each form, with what every option does."""

from __future__ import annotations

import re

from chronus.command_line.offers import HOME, RUNTIME, Names, Option, description, options_of, quoted
from chronus.command_line.parser import Parser


def script(parser: Parser, names: Names) -> str:
    """The text that zsh reads."""

    def action(value: str | tuple[str, ...]) -> str:
        return f"_chronus_{value}" if isinstance(value, str) and value else f"({' '.join(value)})"

    def spec(option: Option) -> str:
        does = re.sub(r"([\[\]:\\])", r"\\\1", option.does)
        value = "" if option.value is None else f":{option.metavar}:{action(option.value)}"
        if not option.names:
            return quoted(f"::{option.metavar}:{action(option.value or '')}")
        if len(option.names) == 1:
            return quoted(
                f"{option.names[0]}{'=' if value and option.names[0].startswith('--') else ''}[{does}]{value}"
            )
        return f"{quoted('(' + ' '.join(option.names) + ')')}{{{','.join(option.names)}}}{quoted(f'[{does}]{value}')}"

    def specs(one: Parser, indent: int) -> str:
        return f" \\\n{' ' * indent}".join(map(spec, options_of(one)))

    forms = parser.forms()
    listed = "\n".join(f"        {quoted(f'{name}:{description(parser, name)}')}" for name in forms)
    cases = "\n".join(
        f"        {name})\n            _arguments -s \\\n                {specs(form, 16)} ;;"
        for name, form in forms.items()
    )
    return f"""\
#compdef chronus
# chronus: completion for zsh, as `chronus completion zsh` prints it

_chronus_scripts() {{
    local -a names
    names=({" ".join(names.scripts)} {HOME}/patches/*.chronus(N:t:r))
    _alternative 'names:script:compadd -a names' 'files:file:_files'
}}

_chronus_kinds() {{
    local -a kinds
    kinds=({" ".join(names.kinds)})
    _describe -t kinds 'kind of module' kinds
}}

_chronus_engines() {{
    local -a engines
    engines=({RUNTIME}/*.sock(N:t:r))
    _describe -t engines engine engines
}}

_chronus_devices() {{
    _message 'a part of "host API: device"'
    compadd null
}}

_chronus_files() {{
    _files
}}

_chronus_first() {{
    local -a forms
    forms=(
{listed}
    )
    _describe -t forms form forms
    _chronus_scripts
}}

_chronus() {{
    local curcontext=$curcontext state
    local -a line
    local -A opt_args
    _arguments -C -s \\
        {specs(parser, 8)} \\
        '1: :_chronus_first' \\
        '*:: :->form' && return
    [[ $state == form ]] || return
    case $line[1] in
{cases}
        *)
            _arguments -s \\
                {specs(parser, 16)} ;;
    esac
}}

if [[ $funcstack[1] == _chronus ]]; then
    _chronus "$@"
else
    compdef _chronus chronus
fi
"""
