pragma application_id = 1399416686;
pragma user_version = 10;
BEGIN TRANSACTION;
CREATE TABLE answers (
        interrupt_id text not null, answer text not null, answered_by text, answered_at real not null);
INSERT INTO "answers" VALUES('01a2311e98f604cf777a96d7815dadcf','"yes"','U0LEA',1.79612041856613492965e+09);
INSERT INTO "answers" VALUES('01a2311e992a5a8318c80763285667ac','"yes"','U0LEA',1.79612041860661506651e+09);
INSERT INTO "answers" VALUES('01a2311e9982d2212241843fc94b4866','"yes"','U0LEA',1.7961204186947638988e+09);
INSERT INTO "answers" VALUES('01a2311e99a6033b6e94a4ddcdac37a4','"yes"','U0LEA',1.79612041874461793897e+09);
CREATE TABLE attachments (
        interrupt_id text not null, subject text not null, thread_id text not null, refused text, at real not null,
        primary key (interrupt_id, subject)) without rowid;
CREATE TABLE audit (
        seq integer primary key, at real not null, kind text not null, thread_id text not null, interrupt_id text,
        team text, user text, facts text not null, previous text not null, hash text not null unique);
CREATE TABLE checkpoints (
        seq integer primary key autoincrement,
        checkpoint_id text not null unique, thread_id text not null, ns text not null, parent_id text,
        format integer not null, source text not null, step integer not null,
        tasks text not null, joins text not null, versions text not null, metadata text not null,
        created_at real not null, results text);
INSERT INTO "checkpoints" VALUES(1,'01a2311e978bcf12569a7cb6c16dbb72','asked','',NULL,2,'input',0,'[{"id":"01a2311e978b4fe8719aacb846228caf","node":"work"},{"id":"01a2311e978bcaa7d824f09ddb860d43","node":"note"}]','{}','{"log":""}','{"by":"U0ANA"}',1.79612041818807911873e+09,NULL);
INSERT INTO "checkpoints" VALUES(2,'01a2311e98ba0fa261c1e703394a25c6','answered','',NULL,2,'input',0,'[{"id":"01a2311e98baa07540c6df3e9a9073c4","node":"work"},{"id":"01a2311e98bacf7c7950ee41da082ad7","node":"note"}]','{}','{"log":""}','{"by":"U0ANA"}',1796120418.49092,NULL);
INSERT INTO "checkpoints" VALUES(3,'01a2311e99104af5f7cf5ed2d079555e','inside','',NULL,2,'input',0,'[{"id":"01a2311e9910ab533f5e56f03b33fcfd","node":"work"},{"id":"01a2311e99101c36d961cc666f240931","node":"note"}]','{}','{"log":""}','{"by":"U0ANA"}',1796120418.57714,NULL);
INSERT INTO "checkpoints" VALUES(4,'01a2311e993fce924418ef8b410cd47e','inside','','01a2311e99104af5f7cf5ed2d079555e',2,'loop',1,'[{"id":"01a2311e993f3f256b2dfbd7746a6030","node":"outer"}]','{}','{"log":""}','{"by":"U0ANA","ran":["work","note"]}',1.79612041862342596051e+09,'[[["log",1,2]],[["log",2,3]]]');
INSERT INTO "checkpoints" VALUES(5,'01a2311e994a3239e824ae4024515654','inside','01a2311e993f3f256b2dfbd7746a6030/graph graph:0',NULL,2,'input',0,'[{"id":"01a2311e994adcf0c4427c7581f8b21c","node":"inner"}]','{}','{"log":""}','{}',1.79612041863492608072e+09,NULL);
INSERT INTO "checkpoints" VALUES(6,'01a2311e9963e6a1fa110074adc4cb21','done','',NULL,2,'input',0,'[{"id":"01a2311e9963830bc5cbb57e00bce684","node":"work"},{"id":"01a2311e9963b75485bd0aaf1a942293","node":"note"}]','{}','{"log":""}','{"by":"U0ANA"}',1.79612041866000890725e+09,NULL);
INSERT INTO "checkpoints" VALUES(7,'01a2311e999c94786b8ffcf73f69e622','done','','01a2311e9963e6a1fa110074adc4cb21',2,'loop',1,'[{"id":"01a2311e999c451a87c310e7e0664495","node":"outer"}]','{}','{"log":""}','{"by":"U0ANA","ran":["work","note"]}',1.79612041871624588968e+09,'[[["log",1,2]],[["log",2,3]]]');
INSERT INTO "checkpoints" VALUES(8,'01a2311e99a2fc09171057dbc27754a4','done','01a2311e999c451a87c310e7e0664495/graph graph:0',NULL,2,'input',0,'[{"id":"01a2311e99a2820f2832dcba39bc6166","node":"inner"}]','{}','{"log":""}','{}',1.7961204187229421139e+09,NULL);
INSERT INTO "checkpoints" VALUES(9,'01a2311e99c6999cf037a13e755ee2e9','done','01a2311e999c451a87c310e7e0664495/graph graph:0','01a2311e99a2fc09171057dbc27754a4',2,'loop',1,'[]','{}','{"log":""}','{"ran":["inner"]}',1.79612041875909900666e+09,'[["log"]]');
INSERT INTO "checkpoints" VALUES(10,'01a2311e99ca374cd19e392073d31ae5','done','','01a2311e999c94786b8ffcf73f69e622',2,'loop',2,'[]','{}','{"log":""}','{"by":"U0ANA","ran":["outer"]}',1.7961204187631850242e+09,'[[["log",3,4]]]');
CREATE TABLE claims (
        scope text not null, root text generated always as
        (case instr(scope, '/') when 0 then scope else substr(scope, 1, instr(scope, '/') - 1) end) virtual, key text not null, thread_id text not null, idempotency_key text not null,
        status text not null check (status in ('claimed', 'done', 'failed', 'paused', 'in doubt')),
        result text, error text, claimed_at real not null, settled_at real,
        primary key (scope, key)) without rowid;
INSERT INTO "claims" VALUES('01a2311e978b4fe8719aacb846228caf','pay','asked','aaf433ec5677fbea6b41497bbb15a363','done','"receipt 7"',NULL,1.7961204182101519108e+09,1.79612041821468400954e+09);
INSERT INTO "claims" VALUES('01a2311e978b4fe8719aacb846228caf','task look_up:0','asked','36ffff0232d7d89a81eac723317b80b1','done','{"order":"A-1","paid":[1,2]}',NULL,1.79612041819612503054e+09,1.79612041819714307782e+09);
INSERT INTO "claims" VALUES('01a2311e98baa07540c6df3e9a9073c4','pay','answered','b0d48cb2a51322655adf1d8a8ba14b20','done','"receipt 7"',NULL,1.7961204185096080303e+09,1796120418.53106);
INSERT INTO "claims" VALUES('01a2311e98baa07540c6df3e9a9073c4','task look_up:0','answered','b71eabada10a03e14f5a2e589478ff08','done','{"order":"A-1","paid":[1,2]}',NULL,1.79612041849585509301e+09,1.79612041849841809273e+09);
INSERT INTO "claims" VALUES('01a2311e9910ab533f5e56f03b33fcfd','pay','inside','d5362c7687efb14d0d0a142afc250cb9','done','"receipt 7"',NULL,1.79612041859034395215e+09,1796120418.59841);
INSERT INTO "claims" VALUES('01a2311e9910ab533f5e56f03b33fcfd','task look_up:0','inside','5a30450a8062b59cc9a331e98733dd98','done','{"order":"A-1","paid":[1,2]}',NULL,1.79612041858659410471e+09,1.79612041858693289751e+09);
INSERT INTO "claims" VALUES('01a2311e9963830bc5cbb57e00bce684','pay','done','895a36a77443f6ccb26f7a3f4f5dbc7e','done','"receipt 7"',NULL,1.79612041867629408835e+09,1.79612041868636894232e+09);
INSERT INTO "claims" VALUES('01a2311e9963830bc5cbb57e00bce684','task look_up:0','done','629c5f1c5f4f676d8ac287db562b523f','done','{"order":"A-1","paid":[1,2]}',NULL,1796120418.67064,1.79612041867113399508e+09);
CREATE TABLE "conversations" (
        thread_id text primary key, team text not null, channel text not null, thread_ts text not null,
        shown_version integer not null default -1, shower text, shower_fence integer not null default 0, outdated integer not null default 0, refused text, link text) without rowid;
CREATE TABLE drafts (
        form text not null, page integer not null, state text not null, at real not null,
        primary key (form, page)) without rowid;
CREATE TABLE feedback (
        thread_id text not null, message_id text not null, user text not null, helped integer not null,
        at real not null, primary key (message_id, user)) without rowid;
CREATE TABLE homes (
        user text primary key, channel text not null, opened_at real not null,
        shown text, published_at real) without rowid;
CREATE TABLE inbox (
        seq integer primary key autoincrement, event_id text not null unique,
        kind text not null, thread_id text not null, team text not null, channel text not null, ts text not null,
        thread_ts text not null, user text not null, text text not null,
        status text not null check (status in ('received', 'done')), received_at real not null);
CREATE TABLE interrupts (
        seq integer primary key autoincrement, id text not null unique,
        thread_id text not null, ns text not null, scope text not null, root text generated always as
        (case instr(scope, '/') when 0 then scope else substr(scope, 1, instr(scope, '/') - 1) end) virtual, ordinal integer not null,
        node text not null, kind text not null,
        status text not null check (status in
            ('waiting', 'answered', 'reopened', 'superseded', 'cancelled', 'expired')),
        version integer not null default 1, consumed integer not null default 0,
        payload text not null, digest text not null, schema text, terms text, requester text, replaces text,
        created_at real not null, expires_at real,
        answer text, answered_by text, answered_at real, about text);
INSERT INTO "interrupts" VALUES(1,'01a2311e97ae80ed26e1b109c2712388','asked','','01a2311e978b4fe8719aacb846228caf',0,'work','question','waiting',1,0,'{"refund": "A-1"}','d968f447d06a2e538613e59f1730ae445497a77d959c2c2012e8c146bb970d97','{"type": "string"}',NULL,'U0ANA',NULL,1796120418.47802,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "interrupts" VALUES(2,'01a2311e98f604cf777a96d7815dadcf','answered','','01a2311e98baa07540c6df3e9a9073c4',0,'work','question','answered',2,0,'{"refund": "A-1"}','d968f447d06a2e538613e59f1730ae445497a77d959c2c2012e8c146bb970d97','{"type": "string"}',NULL,'U0ANA',NULL,1.79612041855079603196e+09,NULL,'"yes"','U0LEA',1.79612041856613492965e+09,NULL);
INSERT INTO "interrupts" VALUES(3,'01a2311e992a5a8318c80763285667ac','inside','','01a2311e9910ab533f5e56f03b33fcfd',0,'work','question','answered',2,1,'{"refund": "A-1"}','d968f447d06a2e538613e59f1730ae445497a77d959c2c2012e8c146bb970d97','{"type": "string"}',NULL,'U0ANA',NULL,1796120418.60243,NULL,'"yes"','U0LEA',1.79612041860661506651e+09,NULL);
INSERT INTO "interrupts" VALUES(4,'01a2311e9952862d5e4bad349a1dab35','inside','01a2311e993f3f256b2dfbd7746a6030/graph graph:0','01a2311e993f3f256b2dfbd7746a6030/graph graph:0/01a2311e994adcf0c4427c7581f8b21c',0,'inner','question','waiting',1,0,'"inner?"','b89462ce2ccadd631671ee8bed67b9ad86d966308b076ae594475bc94d5b0ee1',NULL,NULL,'U0ANA',NULL,1.79612041864293694492e+09,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "interrupts" VALUES(5,'01a2311e9982d2212241843fc94b4866','done','','01a2311e9963830bc5cbb57e00bce684',0,'work','question','answered',2,1,'{"refund": "A-1"}','d968f447d06a2e538613e59f1730ae445497a77d959c2c2012e8c146bb970d97','{"type": "string"}',NULL,'U0ANA',NULL,1.7961204186904659271e+09,NULL,'"yes"','U0LEA',1.7961204186947638988e+09,NULL);
INSERT INTO "interrupts" VALUES(6,'01a2311e99a6033b6e94a4ddcdac37a4','done','01a2311e999c451a87c310e7e0664495/graph graph:0','01a2311e999c451a87c310e7e0664495/graph graph:0/01a2311e99a2820f2832dcba39bc6166',0,'inner','question','answered',2,1,'"inner?"','b89462ce2ccadd631671ee8bed67b9ad86d966308b076ae594475bc94d5b0ee1',NULL,NULL,'U0ANA',NULL,1.79612041872682309156e+09,NULL,'"yes"','U0LEA',1.79612041874461793897e+09,NULL);
CREATE TABLE kept_results (
        thread_id text not null, call_id text not null, number integer not null, name text not null,
        media_type text not null, data blob not null, at real not null, shown_in text,
        primary key (thread_id, call_id, number)) without rowid;
CREATE TABLE "owners" (
        id text primary key, host text not null, pid integer not null, process_started text, expires_at real not
        null) without rowid;
CREATE TABLE pins (
        server text not null, tool text not null, digest text not null, definition text not null, seen_at real not null,
        changed_digest text, changed text, changed_at real, decided_by text, decided_at real,
        primary key (server, tool)) without rowid;
CREATE TABLE "posts" (
        subject text primary key, thread_id text not null, channel text not null, ts text,
        shown text, posted_at real, thread_ts text not null default '', refused text, opening text) without rowid;
CREATE TABLE "state_values" (
        thread_id text not null, checkpoint_id text not null, key text not null, base text, data text not null);
INSERT INTO "state_values" VALUES('asked','01a2311e978bcf12569a7cb6c16dbb72','log',NULL,'["hello"]');
INSERT INTO "state_values" VALUES('answered','01a2311e98ba0fa261c1e703394a25c6','log',NULL,'["hello"]');
INSERT INTO "state_values" VALUES('inside','01a2311e99104af5f7cf5ed2d079555e','log',NULL,'["hello"]');
INSERT INTO "state_values" VALUES('inside','01a2311e993fce924418ef8b410cd47e','log','01a2311e99104af5f7cf5ed2d079555e','["receipt 7: yes","noted"]');
INSERT INTO "state_values" VALUES('inside','01a2311e994a3239e824ae4024515654','log',NULL,'[]');
INSERT INTO "state_values" VALUES('done','01a2311e9963e6a1fa110074adc4cb21','log',NULL,'["hello"]');
INSERT INTO "state_values" VALUES('done','01a2311e999c94786b8ffcf73f69e622','log','01a2311e9963e6a1fa110074adc4cb21','["receipt 7: yes","noted"]');
INSERT INTO "state_values" VALUES('done','01a2311e99a2fc09171057dbc27754a4','log',NULL,'[]');
INSERT INTO "state_values" VALUES('done','01a2311e99c6999cf037a13e755ee2e9','log','01a2311e99a2fc09171057dbc27754a4','["yes"]');
INSERT INTO "state_values" VALUES('done','01a2311e99ca374cd19e392073d31ae5','log','01a2311e999c94786b8ffcf73f69e622','["yes"]');
CREATE TABLE tasks (
        scope text primary key, root text generated always as
        (case instr(scope, '/') when 0 then scope else substr(scope, 1, instr(scope, '/') - 1) end) virtual, thread_id text not null,
        status text not null check (status in ('finished', 'paused', 'failed')),
        writes text, targets text, error text, updated_at real not null) without rowid;
INSERT INTO "tasks" VALUES('01a2311e978b4fe8719aacb846228caf','asked','paused',NULL,NULL,NULL,1796120418.47802);
INSERT INTO "tasks" VALUES('01a2311e978bcaa7d824f09ddb860d43','asked','finished','[["log",["noted"]]]','[]',NULL,1.7961204181974039078e+09);
INSERT INTO "tasks" VALUES('01a2311e98baa07540c6df3e9a9073c4','answered','paused',NULL,NULL,NULL,1.79612041855079603196e+09);
INSERT INTO "tasks" VALUES('01a2311e98bacf7c7950ee41da082ad7','answered','finished','[["log",["noted"]]]','[]',NULL,1.79612041850203394887e+09);
INSERT INTO "tasks" VALUES('01a2311e993f3f256b2dfbd7746a6030','inside','paused',NULL,NULL,NULL,1.79612041865432190898e+09);
INSERT INTO "tasks" VALUES('01a2311e993f3f256b2dfbd7746a6030/graph graph:0/01a2311e994adcf0c4427c7581f8b21c','inside','paused',NULL,NULL,NULL,1.79612041864293694492e+09);
CREATE TABLE "threads" (
        thread_id text primary key,
        status text not null check (status in ('idle', 'running', 'waiting', 'failed', 'done')),
        owner text, fence integer not null default 0,
        version integer not null default 0,
        created_at real not null, updated_at real not null, cut_short integer not null default 0, cut_short_at text, halted text) without rowid;
INSERT INTO "threads" VALUES('answered','waiting',NULL,204241246816070388,8,1.79612041849101209635e+09,1.79612041856613492965e+09,0,NULL,NULL);
INSERT INTO "threads" VALUES('asked','waiting',NULL,8440735599136662096,7,1.7961204181882269382e+09,1796120418.47802,0,NULL,NULL);
INSERT INTO "threads" VALUES('done','done',NULL,5964367982122285298,17,1.79612041866007804869e+09,1.79612041876325297358e+09,0,NULL,NULL);
INSERT INTO "threads" VALUES('inside','waiting',NULL,654990721217999508,13,1.79612041857721400264e+09,1.79612041865432190898e+09,0,NULL,NULL);
CREATE TABLE usage (
        message_id text not null, thread_id text not null, person text, day text not null, model text not null,
        prompt_tokens integer not null, completion_tokens integer not null,
        primary key (day, message_id)) without rowid;
CREATE TABLE votes (
        interrupt_id text not null, user text not null, team text not null, at real not null, facts text not null,
        unique (interrupt_id, user));
CREATE INDEX checkpoints_of_thread on checkpoints (thread_id, ns, seq);
CREATE UNIQUE INDEX interrupts_place on interrupts (scope, ordinal)
        where status not in ('superseded', 'cancelled');
CREATE INDEX interrupts_of_thread on interrupts (thread_id, status);
CREATE INDEX interrupts_waiting on interrupts (status, kind) where status in ('waiting', 'reopened');
CREATE INDEX answers_of_interrupt on answers (interrupt_id);
CREATE INDEX claims_of_thread on claims (thread_id, key);
CREATE UNIQUE INDEX inbox_message on inbox (team, channel, ts) where kind = 'message';
CREATE INDEX inbox_unread on inbox (thread_id, seq) where status = 'received';
CREATE INDEX interrupts_due on interrupts (expires_at) where status = 'waiting' and expires_at is not null;
CREATE INDEX interrupts_news on interrupts (thread_id)
        where status in ('answered', 'expired') and consumed = 0;
CREATE INDEX audit_refusals on audit (user, at) where kind = 'refusal';
CREATE TRIGGER audit_is_not_changed before update on audit
        begin select raise(abort, 'audit rows are never changed'); end;
CREATE TRIGGER audit_is_not_shortened before delete on audit
        begin select raise(abort, 'audit rows are never removed'); end;
CREATE TRIGGER audit_grows_at_its_end before insert on audit
        when new.seq is not (select coalesce(max(seq), 0) + 1 from audit)
        begin select raise(abort, 'audit rows are only appended'); end;
CREATE UNIQUE INDEX state_values_place on state_values (thread_id, checkpoint_id, key);
CREATE INDEX threads_running on threads (status) where status = 'running';
CREATE INDEX posts_of_thread on posts (thread_id);
CREATE INDEX interrupts_of_call on interrupts (json_extract(payload, '$.tool_call_id'));
CREATE INDEX conversations_outdated on conversations (thread_id) where outdated;
CREATE TRIGGER threads_outdate_on_insert after insert on threads begin
        update conversations set outdated = 1 where thread_id = new.thread_id and not outdated; end;
CREATE TRIGGER threads_outdate_on_update after update of version on threads begin
        update conversations set outdated = 1 where thread_id = new.thread_id and not outdated; end;
CREATE INDEX audit_of_question on audit (interrupt_id) where interrupt_id is not null;
CREATE INDEX posts_by_message on posts (channel, ts);
CREATE INDEX threads_halted on threads (thread_id) where halted is not null;
CREATE INDEX inbox_stops on inbox (seq) where status = 'received' and kind = 'stop';
CREATE INDEX feedback_of_thread on feedback (thread_id, at);
CREATE INDEX interrupts_by_decider on interrupts (answered_by, answered_at) where answered_by is not null;
CREATE INDEX interrupts_by_requester on interrupts (requester, answered_at) where answered_at is not null;
CREATE INDEX interrupts_timed_out on interrupts (requester, expires_at) where status = 'expired';
CREATE INDEX votes_of_user on votes (user);
CREATE INDEX inbox_of_user on inbox (user, channel);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('checkpoints',10);
INSERT INTO "sqlite_sequence" VALUES('interrupts',6);
COMMIT;
