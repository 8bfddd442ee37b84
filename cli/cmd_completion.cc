#include "cli/cmd_completion.h"

#include <ostream>

namespace berth::cli {

namespace {

constexpr const char* kBash = R"(# bash completion for berthctl
_berthctl() {
  local files=0 words=() word left="${COMP_LINE:0:COMP_POINT}" i full given line
  # what COMP_WORDBREAKS cut (at = and :) is put together again: words are what blanks separate
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $i -eq 0 || $left == [[:blank:]]* ]]; then
      left=${left#"${left%%[![:blank:]]*}"}
      words+=("")
    fi
    [[ $i -eq $COMP_CWORD ]] && word=$left
    words[${#words[@]}-1]+=$word
    left=${left#"$word"}
  done
  full=${words[${#words[@]}-1]}
  given=$full
  if [[ $full == --*=* ]]; then
    words[${#words[@]}-1]=${full%%=*}
    given=${full#*=}
    words+=("$given")
  fi
  # the shell replaces only what follows the last break
  [[ $word == [=:]* ]] && word=""
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == ":files" ]]; then files=1; else COMPREPLY+=("${line#"${given%"$word"}"}"); fi
  done < <(berthctl __complete -- "${words[@]:1}" 2>/dev/null)
  if ((files)); then
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$word")
    compopt -o filenames 2>/dev/null
  fi
}
complete -F _berthctl berthctl
)";

constexpr const char* kZsh = R"(#compdef berthctl
# zsh completion for berthctl
_berthctl() {
  local -a lines candidates given
  given=("${(@)words[2,CURRENT]}")
  if [[ ${given[-1]} == --*=* ]]; then
    local flag=${given[-1]%%=*} value=${given[-1]#*=}
    given[-1]=$flag
    given+=("$value")
    compset -P '*='
  fi
  lines=("${(@f)$(berthctl __complete -- "${given[@]}" 2>/dev/null)}")
  candidates=("${(@)lines:#:files}")
  candidates=("${(@)candidates:#}")
  (( ${#candidates} )) && compadd -- "${candidates[@]}"
  (( ${lines[(I):files]} )) && _files
  return 0
}
if [[ $funcstack[1] == _berthctl ]]; then
  _berthctl "$@"
else
  compdef _berthctl berthctl
fi
)";

constexpr const char* kFish = R"(# fish completion for berthctl
function __berthctl_complete
  set -l given (commandline -opc)[2..-1]
  set -l current (commandline -ct)
  for line in (berthctl __complete -- $given $current 2>/dev/null)
    if test "$line" = ":files"
      __fish_complete_path $current
    else
      echo $line
    end
  end
end
complete -c berthctl -f -a '(__berthctl_complete)'
)";

class CompletionCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {"completion", "Print the completion script of a shell", "bash|zsh|fish", "",
            "source <(berthctl completion bash)\n"
            "berthctl completion bash > /etc/bash_completion.d/berthctl\n"
            "berthctl completion zsh > \"${fpath[1]}/_berthctl\"\n"
            "berthctl completion fish > ~/.config/fish/completions/berthctl.fish"};
  }

  void declare(Flags& flags) override {
    flags.argument({"SHELL", "bash, zsh or fish", 1, 1, Completes::Words, &shells_, {"bash", "zsh", "fish"}});
  }

  bool needs_server() const override { return false; }

  Task<Result<int>> run(Session& session) override {
    const auto& shell = shells_.front();
    const char* script = shell == "bash" ? kBash : shell == "zsh" ? kZsh : shell == "fish" ? kFish : nullptr;
    if (script == nullptr)
      co_return base::error(Reason::BadRequest,
                            "there is no script for \"" + shell + "\": bash, zsh or fish is expected");
    session.io.out << script;
    co_return 0;
  }

 private:
  std::vector<std::string> shells_;
};

}  // namespace

CommandPtr make_completion() { return std::make_unique<CompletionCommand>(); }

}  // namespace berth::cli
