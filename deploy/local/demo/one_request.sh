#!/bin/sh
# One request from start to finish with curl: asked, accepted, done, answered, counted.
#
#     sh one_request.sh .data/tokens.sh
#
# tokens.sh has the services' addresses and a token for each role; the local run writes it.
set -eu
. "${1:-.data/tokens.sh}"

field() { # the value of one field of a JSON answer
    python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}
say() { printf '\n== %s\n' "$1"; }

say "居民提出诉求 · a resident asks"
asked=$(
curl -sS --fail-with-body "$REQUEST_INTAKE/v1/requests" -H "Authorization: Bearer $RESIDENT" \
  -H "Idempotency-Key: $(date +%s%N)" -H "Content-Type: application/json" \
  -d '{"text": "和平里社区三号楼停水了", "place": {"area": "990101001001"}}'
)
echo "$asked"
id=$(echo "$asked" | field id)
code=$(echo "$asked" | field tracking_code)

say "单位看到任务 · the unit sees its task"
until tasks=$(
curl -sS --fail-with-body "$VOLUNTEER_DISPATCH/v1/tasks?limit=200" \
  -H "Authorization: Bearer $UNIT_OPERATOR"
) && echo "$tasks" | grep -q "$id"; do sleep 0.5; done
task=$(echo "$tasks" | python3 -c 'import json, sys
print(next(t["id"] for t in json.load(sys.stdin)["items"] if t["request_id"] == sys.argv[1]))' "$id")
echo "task $task"

say "单位接单、办结 · the unit accepts and completes it"
curl -sS --fail-with-body -o /dev/null -X POST "$VOLUNTEER_DISPATCH/v1/tasks/$task/accept" \
  -H "Authorization: Bearer $UNIT_OPERATOR"
curl -sS --fail-with-body -o /dev/null -X POST "$VOLUNTEER_DISPATCH/v1/tasks/$task/complete" \
  -H "Authorization: Bearer $UNIT_OPERATOR" -H "Content-Type: application/json" \
  -d '{"words": "已抢修，恢复供水"}'

say "居民查进度 · the resident follows it by its tracking code"
until timeline=$(
curl -sS --fail-with-body "$REQUEST_INTAKE/v1/timelines/$code"
) && echo "$timeline" | grep -q '"completed"'; do sleep 0.5; done
echo "$timeline"

say "居民回访 · the resident answers"
curl -sS --fail-with-body "$REQUEST_INTAKE/v1/timelines/$code/follow-ups" \
  -H "Content-Type: application/json" \
  -d '{"contacted": true, "solved": true, "satisfied": 5, "words": "谢谢"}'

say "考核 · the unit's figures"
month=$(TZ=Asia/Shanghai date +%Y-%m)
curl -sS --fail-with-body "$ASSESSMENT/v1/figures?kind=unit&month=$month" \
  -H "Authorization: Bearer $UNIT_OPERATOR"
echo
