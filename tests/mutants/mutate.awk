# Prints SOURCE with one mutant of mutants.txt applied; without a name, all of them: "name file", one a line.
#   awk [-v name=NAME] -f mutate.awk mutants.txt [SOURCE]
# Exit status 1 with a reason on standard error when the lines to change are not there, or more than once.

NR == FNR && /^== / {
  current = $2
  if (name == "") print $2, $3
  next
}
NR == FNR {
  if (name == "" || current != name) next
  kind = substr($0, 1, 1)
  text = substr($0, 2)
  if (kind == " " || kind == "-") old[++olds] = text
  if (kind == " " || kind == "+") new[++news] = text
  next
}
{ line[++lines] = $0 }

function matches_at(i,    k) {
  for (k = 1; k <= olds; k++) if (line[i + k - 1] != old[k]) return 0
  return 1
}

function fail(why) {
  print "mutant " name ": " why > "/dev/stderr"
  exit 1
}

END {
  if (name == "") exit 0
  if (!olds) fail("there is none of that name")
  for (i = 1; i + olds - 1 <= lines; i++) {
    if (!matches_at(i)) continue
    found++
    place = i
  }
  if (found != 1) fail("its lines are in the file " found + 0 " times")
  for (i = 1; i <= lines; i++) {
    if (i == place) for (k = 1; k <= news; k++) print new[k]
    if (i < place || i >= place + olds) print line[i]
  }
}
