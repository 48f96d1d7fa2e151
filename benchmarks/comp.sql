-- May I comp this, by hand: one call decides by the rules of benchmarks/policies, holds, and writes entry, comp, counters and
-- key into the same tables. What a skilled team would write inside the database, its limits spelled out; refusals get no
-- counter-offer. `wide` is the cap of a budget across locations, or null for none.
CREATE OR REPLACE FUNCTION comp_by_hand(
  here text, whose text, key_ text, body_ bytea, who text, what text, why text, amount bigint, check_ text, total bigint,
  mac_ bytea, stranger text, id_ text, at_ text, expires text, day text, week text, month text, from30 text,
  asked jsonb, wide bigint
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  book location%ROWTYPE;
  known text;
  roles text[];
  own text;
  guest_ text;
  before bigint;
  m bigint; d bigint; dn bigint; w bigint; g bigint; gn bigint; c bigint;
  fits boolean;
  findings jsonb;
  standing jsonb;
  leaf_ bytea;
  peak bytea;
  front bytea;
  left_over bigint;
BEGIN
  SELECT * INTO book FROM location WHERE id = here FOR UPDATE;
  IF NOT FOUND THEN RAISE 'no location %', here; END IF;
  SELECT comp INTO known FROM idempotency WHERE location = here AND owner = whose AND key = key_ AND body = body_;
  IF FOUND THEN RETURN jsonb_build_object('id', known); END IF;
  SELECT array_agg(role ORDER BY position, role) INTO roles FROM staff
    WHERE location = here AND employee = who AND (since IS NULL OR since <= day) AND (until IS NULL OR until >= day);
  IF roles IS NULL OR roles[1] <> 'server' THEN RAISE 'no role for %', who; END IF;
  SELECT guest INTO own FROM employee WHERE id = who;
  SELECT pseudonym INTO guest_ FROM guest WHERE mac = mac_;
  IF NOT FOUND THEN
    INSERT INTO guest (mac, pseudonym) VALUES (mac_, stranger);
    guest_ := stranger;
  END IF;
  SELECT check_total_minor INTO before FROM comp
    WHERE location = here AND check_id = check_ AND check_total_minor IS NOT NULL ORDER BY seq DESC LIMIT 1;

  SELECT coalesce(sum(held_minor + spent_minor), 0) INTO m FROM counter
    WHERE location = here AND measure = 'location/month' AND subject = here AND start = month;
  SELECT coalesce(sum(held_minor + spent_minor), 0), coalesce(sum(held_count + spent_count), 0) INTO d, dn FROM counter
    WHERE location = here AND measure = 'employee/day' AND subject = who AND start = day;
  SELECT coalesce(sum(held_minor + spent_minor), 0) INTO w FROM counter
    WHERE location = here AND measure = 'employee/week-monday' AND subject = who AND start = week;
  SELECT coalesce(sum(held_minor + spent_minor), 0), coalesce(sum(held_count + spent_count), 0) INTO g, gn FROM counter
    WHERE location = here AND measure = 'guest/day' AND subject = guest_ AND start BETWEEN from30 AND day;
  SELECT coalesce(sum(held_minor + spent_minor), 0) INTO c FROM counter
    WHERE location = here AND measure = 'check/ever' AND subject = check_;
  fits := own IS DISTINCT FROM guest_ AND (before IS NULL OR before = total) AND amount <= 2500 AND amount <= 1500
    AND m + amount <= 600000 AND d + amount <= 7500 AND dn < 6 AND w + amount <= 30000
    AND g + amount <= 6000 AND gn < 2 AND c + amount <= total;
  IF fits AND wide IS NOT NULL THEN
    INSERT INTO counter VALUES ('@bench', 'group/month', 'bench', month, 0, 0, 0, 0) ON CONFLICT DO NOTHING;
    UPDATE counter SET held_minor = held_minor + amount, held_count = held_count + 1
      WHERE location = '@bench' AND measure = 'group/month' AND subject = 'bench' AND start = month
      AND held_minor + spent_minor + amount <= wide RETURNING held_minor INTO left_over;
    fits := FOUND;
  END IF;
  standing := jsonb_build_array(
    jsonb_build_array('location/month', here, month, m), jsonb_build_array('employee/day', who, day, d, dn),
    jsonb_build_array('employee/week-monday', who, week, w), jsonb_build_array('guest/day', guest_, from30, g, gn),
    jsonb_build_array('check/ever', check_, '', c));
  findings := jsonb_build_array(
    jsonb_build_object('rule', 'limits.month', 'unit', 'amount', 'cap', 600000, 'used', m, 'left', 600000 - m - amount),
    jsonb_build_object('rule', 'roles.server.limits.comp', 'unit', 'amount', 'cap', 2500, 'used', 0, 'left', 2500 - amount),
    jsonb_build_object('rule', 'roles.server.limits.day', 'unit', 'amount', 'cap', 7500, 'used', d, 'left', 7500 - d - amount),
    jsonb_build_object('rule', 'roles.server.limits.day', 'unit', 'count', 'cap', 6, 'used', dn, 'left', 5 - dn),
    jsonb_build_object('rule', 'roles.server.limits.week', 'unit', 'amount', 'cap', 30000, 'used', w, 'left', 30000 - w - amount),
    jsonb_build_object('rule', 'roles.server.limits.guest', 'unit', 'amount', 'cap', 6000, 'used', g, 'left', 6000 - g - amount),
    jsonb_build_object('rule', 'roles.server.limits.guest', 'unit', 'count', 'cap', 2, 'used', gn, 'left', 1 - gn),
    jsonb_build_object('rule', 'limits.check', 'unit', 'percent', 'cap', total, 'used', c, 'left', total - c - amount));

  leaf_ := convert_to(jsonb_build_object(
    'v', 1, 'location', here, 'seq', book.size, 'kind', 'decision', 'at', at_, 'comp', id_, 'by', 'by hand', 'body', jsonb_build_object(
      'request', asked || jsonb_build_object('guest', guest_), 'policy', book.policy, 'day', day, 'standing', standing,
      'outcome', CASE WHEN fits THEN 'approve' ELSE 'escalate' END, 'findings', findings, 'expires_at', expires))::text, 'UTF8');
  peak := sha256('\x00'::bytea || leaf_);
  INSERT INTO entry (location, seq, kind, recorded_at, comp, leaf, hash) VALUES (here, book.size, 'decision', at_, id_, leaf_, peak);
  front := book.frontier;
  left_over := book.size;
  WHILE left_over & 1 = 1 LOOP
    peak := sha256('\x01'::bytea || substr(front, length(front) - 31) || peak);
    front := substr(front, 1, length(front) - 32);
    left_over := left_over >> 1;
  END LOOP;

  INSERT INTO comp (location, id, status, employee, authority, authority_role, remedy, reason, guest, check_id, check_total_minor,
      currency, asked_minor, granted_minor, held_minor, captured_minor, reversed_minor, forced, policy_id, business_day,
      created_at, updated_at, expires_at, seq, last_seq)
    VALUES (here, id_, CASE WHEN fits THEN 'approved' ELSE 'pending' END, who, CASE WHEN fits THEN who END,
      CASE WHEN fits THEN 'server' END, what, why, guest_, check_, total, 'USD', amount, CASE WHEN fits THEN amount ELSE 0 END,
      CASE WHEN fits THEN amount ELSE 0 END, 0, 0, false, 'bench', day, at_, at_, expires, book.size, book.size);
  IF fits THEN
    INSERT INTO counter VALUES
        (here, 'location/month', here, month, amount, 0, 1, 0), (here, 'employee/day', who, day, amount, 0, 1, 0),
        (here, 'employee/week-monday', who, week, amount, 0, 1, 0), (here, 'guest/day', guest_, day, amount, 0, 1, 0),
        (here, 'check/ever', check_, '', amount, 0, 1, 0)
      ON CONFLICT (location, measure, subject, start) DO UPDATE SET
        held_minor = counter.held_minor + excluded.held_minor, held_count = counter.held_count + excluded.held_count;
  END IF;
  INSERT INTO idempotency (location, owner, key, body, comp) VALUES (here, whose, key_, body_, id_);
  UPDATE location SET size = book.size + 1, frontier = front || peak, recorded_at = at_,
    next_expiry = least(coalesce(book.next_expiry, expires), expires) WHERE id = here;
  RETURN jsonb_build_object('id', id_, 'status', CASE WHEN fits THEN 'approved' ELSE 'pending' END, 'request', asked,
    'outcome', CASE WHEN fits THEN 'approve' ELSE 'escalate' END, 'findings', findings,
    'entry', jsonb_build_object('seq', book.size, 'leaf', encode(peak, 'hex')));
END $$;
