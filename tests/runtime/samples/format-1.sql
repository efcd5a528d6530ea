pragma application_id = 1399416686;
pragma user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE answers (
        interrupt_id text not null, answer text not null, answered_by text, answered_at real not null);
INSERT INTO "answers" VALUES('e5c5f75968d44a95a5046e6b1155ecdb','"yes"','U0LEA',1.79539911504426908488e+09);
INSERT INTO "answers" VALUES('0569306d8c874f9fb052417fac896822','"yes"','U0LEA',1.79539911510535407073e+09);
INSERT INTO "answers" VALUES('73985dbfd1bb4870beb3d5f38f1441f7','"yes"','U0LEA',1.79539911517790198329e+09);
INSERT INTO "answers" VALUES('fb2deadb94b94a259a221d11f1467dbf','"yes"','U0LEA',1.7953991152181329727e+09);
CREATE TABLE checkpoints (
        seq integer primary key autoincrement,
        checkpoint_id text not null unique, thread_id text not null, ns text not null, parent_id text,
        format integer not null, source text not null, step integer not null,
        tasks text not null, joins text not null, versions text not null, metadata text not null,
        created_at real not null);
INSERT INTO "checkpoints" VALUES(1,'283fdab9eefa43bb805bd9bab825a077','asked','',NULL,1,'input',0,'[{"id": "ede4383cc97c45ef96d506422c77d22e", "node": "work"}, {"id": "ae2890cf256947daac24e2b610b50241", "node": "note"}]','{}','{"log": "283fdab9eefa43bb805bd9bab825a077"}','{"since": 0, "by": "U0ANA", "ran": []}',1.79539911500160193438e+09);
INSERT INTO "checkpoints" VALUES(2,'b3cb899b8c824d95b2ae10be4810cc88','answered','',NULL,1,'input',0,'[{"id": "741cf14316104342bd75b5bf9da91fc7", "node": "work"}, {"id": "8018cc1251494ce28e182673ed8b1397", "node": "note"}]','{}','{"log": "b3cb899b8c824d95b2ae10be4810cc88"}','{"since": 0, "by": "U0ANA", "ran": []}',1.79539911502184700966e+09);
INSERT INTO "checkpoints" VALUES(3,'d5b45c7cbe9a43c49adf2a85c610b2d9','inside','',NULL,1,'input',0,'[{"id": "3eb47c8018064316a9bbc2258fcf36df", "node": "work"}, {"id": "7bf9198fbf5040db9062acd08f160f1a", "node": "note"}]','{}','{"log": "d5b45c7cbe9a43c49adf2a85c610b2d9"}','{"since": 0, "by": "U0ANA", "ran": []}',1.79539911506117606156e+09);
INSERT INTO "checkpoints" VALUES(4,'eb1c4a1b567d49c78bea2e776fb38dc9','inside','','d5b45c7cbe9a43c49adf2a85c610b2d9',1,'loop',1,'[{"id": "656519e4064446a8a09d068ceeb68f44", "node": "outer"}]','{}','{"log": "eb1c4a1b567d49c78bea2e776fb38dc9"}','{"since": 0, "by": "U0ANA", "ran": ["work", "note"]}',1795399115.12435);
INSERT INTO "checkpoints" VALUES(5,'a383f614c54f478ba1b990ac65556cfa','inside','656519e4064446a8a09d068ceeb68f44/graph graph:0',NULL,1,'input',0,'[{"id": "bd06451b948342b4b3a61661a9e825f6", "node": "inner"}]','{}','{"log": "a383f614c54f478ba1b990ac65556cfa"}','{"since": 0, "by": null, "ran": []}',1.79539911512643504147e+09);
INSERT INTO "checkpoints" VALUES(6,'0383724468d344329c9991488a926646','done','',NULL,1,'input',0,'[{"id": "6318eb4c28c449598c8d142b568b2fb2", "node": "work"}, {"id": "478ac663570b4ed08e22f1743867d53a", "node": "note"}]','{}','{"log": "0383724468d344329c9991488a926646"}','{"since": 0, "by": "U0ANA", "ran": []}',1.79539911514844107622e+09);
INSERT INTO "checkpoints" VALUES(7,'2138d91709094a8a9e559a30bf8f0a12','done','','0383724468d344329c9991488a926646',1,'loop',1,'[{"id": "d8f9621874ad465ab0f80c701d9dc66e", "node": "outer"}]','{}','{"log": "2138d91709094a8a9e559a30bf8f0a12"}','{"since": 0, "by": "U0ANA", "ran": ["work", "note"]}',1.79539911518333292011e+09);
INSERT INTO "checkpoints" VALUES(8,'0308107f3e834d84b603c7d10ae9fb47','done','d8f9621874ad465ab0f80c701d9dc66e/graph graph:0',NULL,1,'input',0,'[{"id": "757561ea8a9f4ae69567e3868e60545a", "node": "inner"}]','{}','{"log": "0308107f3e834d84b603c7d10ae9fb47"}','{"since": 0, "by": null, "ran": []}',1.79539911518521499633e+09);
INSERT INTO "checkpoints" VALUES(9,'87953c7d857d408dbefcea3b8207e6c9','done','d8f9621874ad465ab0f80c701d9dc66e/graph graph:0','0308107f3e834d84b603c7d10ae9fb47',1,'loop',1,'[]','{}','{"log": "87953c7d857d408dbefcea3b8207e6c9"}','{"since": 0, "by": null, "ran": ["inner"]}',1.79539911524664688108e+09);
INSERT INTO "checkpoints" VALUES(10,'eaed1632d8414f12ab0b69ccb19dfa77','done','','2138d91709094a8a9e559a30bf8f0a12',1,'loop',2,'[]','{}','{"log": "eaed1632d8414f12ab0b69ccb19dfa77"}','{"since": 0, "by": "U0ANA", "ran": ["outer"]}',1.79539911524848890302e+09);
CREATE TABLE claims (
        scope text not null, root text generated always as
        (case instr(scope, '/') when 0 then scope else substr(scope, 1, instr(scope, '/') - 1) end) virtual, key text not null, thread_id text not null, idempotency_key text not null,
        status text not null check (status in ('claimed', 'done', 'failed', 'paused', 'in doubt')),
        result text, error text, claimed_at real not null, settled_at real,
        primary key (scope, key)) without rowid;
INSERT INTO "claims" VALUES('3eb47c8018064316a9bbc2258fcf36df','pay','inside','7063b9e76310590b4c58d47f92f05ac8','done','"receipt 7"',NULL,1.7953991150650970936e+09,1.79539911506754589084e+09);
INSERT INTO "claims" VALUES('3eb47c8018064316a9bbc2258fcf36df','task look_up:0','inside','5c55ef9829064ac24ad51be9a61c25e0','done','{"order":"A-1","paid":[1,2]}',NULL,1.79539911506350898743e+09,1.79539911506358408925e+09);
INSERT INTO "claims" VALUES('6318eb4c28c449598c8d142b568b2fb2','pay','done','64f6393e3d04378508c1b7a85acb2e41','done','"receipt 7"',NULL,1.79539911515637207032e+09,1.79539911515940809249e+09);
INSERT INTO "claims" VALUES('6318eb4c28c449598c8d142b568b2fb2','task look_up:0','done','ab3725c3a977f1e882218cf28d604cbb','done','{"order":"A-1","paid":[1,2]}',NULL,1.79539911515072107316e+09,1.79539911515079092974e+09);
INSERT INTO "claims" VALUES('741cf14316104342bd75b5bf9da91fc7','pay','answered','db023d37c59b176f71bdd7a6717d0324','done','"receipt 7"',NULL,1.79539911502612495415e+09,1.79539911502947902681e+09);
INSERT INTO "claims" VALUES('741cf14316104342bd75b5bf9da91fc7','task look_up:0','answered','1af08c517e6f9c84616376c872631d44','done','{"order":"A-1","paid":[1,2]}',NULL,1.79539911502450394626e+09,1.7953991150245690346e+09);
INSERT INTO "claims" VALUES('ede4383cc97c45ef96d506422c77d22e','pay','asked','06d3ca1549285cd50e911a8844687414','done','"receipt 7"',NULL,1.79539911500834608072e+09,1.79539911501281094553e+09);
INSERT INTO "claims" VALUES('ede4383cc97c45ef96d506422c77d22e','task look_up:0','asked','c24b8915777e2bcc0e5f61f78477d460','done','{"order":"A-1","paid":[1,2]}',NULL,1.79539911500566291813e+09,1.79539911500577688222e+09);
CREATE TABLE conversations (
        thread_id text primary key, team text not null, channel text not null, thread_ts text not null,
        shown_version integer not null default -1);
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
        answer text, answered_by text, answered_at real);
INSERT INTO "interrupts" VALUES(1,'7ee4252d64ed437a93e0c0dd69cf5a5d','asked','','ede4383cc97c45ef96d506422c77d22e',0,'work','question','waiting',1,0,'{"refund": "A-1"}','d968f447d06a2e538613e59f1730ae445497a77d959c2c2012e8c146bb970d97','{"type": "string"}',NULL,'U0ANA',NULL,1.79539911501506400113e+09,NULL,NULL,NULL,NULL);
INSERT INTO "interrupts" VALUES(2,'e5c5f75968d44a95a5046e6b1155ecdb','answered','','741cf14316104342bd75b5bf9da91fc7',0,'work','question','answered',2,0,'{"refund": "A-1"}','d968f447d06a2e538613e59f1730ae445497a77d959c2c2012e8c146bb970d97','{"type": "string"}',NULL,'U0ANA',NULL,1.79539911503155708311e+09,NULL,'"yes"','U0LEA',1.79539911504426908488e+09);
INSERT INTO "interrupts" VALUES(3,'0569306d8c874f9fb052417fac896822','inside','','3eb47c8018064316a9bbc2258fcf36df',0,'work','question','answered',2,1,'{"refund": "A-1"}','d968f447d06a2e538613e59f1730ae445497a77d959c2c2012e8c146bb970d97','{"type": "string"}',NULL,'U0ANA',NULL,1795399115.06907,NULL,'"yes"','U0LEA',1.79539911510535407073e+09);
INSERT INTO "interrupts" VALUES(4,'00e3cd0428334fac96482eb06dc65516','inside','656519e4064446a8a09d068ceeb68f44/graph graph:0','656519e4064446a8a09d068ceeb68f44/graph graph:0/bd06451b948342b4b3a61661a9e825f6',0,'inner','question','waiting',1,0,'"inner?"','b89462ce2ccadd631671ee8bed67b9ad86d966308b076ae594475bc94d5b0ee1',NULL,NULL,'U0ANA',NULL,1795399115.12789,NULL,NULL,NULL,NULL);
INSERT INTO "interrupts" VALUES(5,'73985dbfd1bb4870beb3d5f38f1441f7','done','','6318eb4c28c449598c8d142b568b2fb2',0,'work','question','answered',2,1,'{"refund": "A-1"}','d968f447d06a2e538613e59f1730ae445497a77d959c2c2012e8c146bb970d97','{"type": "string"}',NULL,'U0ANA',NULL,1.79539911516493797295e+09,NULL,'"yes"','U0LEA',1.79539911517790198329e+09);
INSERT INTO "interrupts" VALUES(6,'fb2deadb94b94a259a221d11f1467dbf','done','d8f9621874ad465ab0f80c701d9dc66e/graph graph:0','d8f9621874ad465ab0f80c701d9dc66e/graph graph:0/757561ea8a9f4ae69567e3868e60545a',0,'inner','question','answered',2,1,'"inner?"','b89462ce2ccadd631671ee8bed67b9ad86d966308b076ae594475bc94d5b0ee1',NULL,NULL,'U0ANA',NULL,1.7953991151864910126e+09,NULL,'"yes"','U0LEA',1.7953991152181329727e+09);
CREATE TABLE owners (
        id text primary key, host text not null, pid integer not null, process_started text, expires_at real not
        null);
CREATE TABLE posts (
        subject text primary key, thread_id text not null, channel text not null, ts text,
        shown text, posted_at real);
CREATE TABLE state_values (
        thread_id text not null, checkpoint_id text not null, key text not null, base text, data text not null,
        primary key (thread_id, checkpoint_id, key)) without rowid;
INSERT INTO "state_values" VALUES('answered','b3cb899b8c824d95b2ae10be4810cc88','log',NULL,'["hello"]');
INSERT INTO "state_values" VALUES('asked','283fdab9eefa43bb805bd9bab825a077','log',NULL,'["hello"]');
INSERT INTO "state_values" VALUES('done','0308107f3e834d84b603c7d10ae9fb47','log',NULL,'[]');
INSERT INTO "state_values" VALUES('done','0383724468d344329c9991488a926646','log',NULL,'["hello"]');
INSERT INTO "state_values" VALUES('done','2138d91709094a8a9e559a30bf8f0a12','log','0383724468d344329c9991488a926646','["receipt 7: yes","noted"]');
INSERT INTO "state_values" VALUES('done','87953c7d857d408dbefcea3b8207e6c9','log','0308107f3e834d84b603c7d10ae9fb47','["yes"]');
INSERT INTO "state_values" VALUES('done','eaed1632d8414f12ab0b69ccb19dfa77','log','2138d91709094a8a9e559a30bf8f0a12','["yes"]');
INSERT INTO "state_values" VALUES('inside','a383f614c54f478ba1b990ac65556cfa','log',NULL,'[]');
INSERT INTO "state_values" VALUES('inside','d5b45c7cbe9a43c49adf2a85c610b2d9','log',NULL,'["hello"]');
INSERT INTO "state_values" VALUES('inside','eb1c4a1b567d49c78bea2e776fb38dc9','log','d5b45c7cbe9a43c49adf2a85c610b2d9','["receipt 7: yes","noted"]');
CREATE TABLE tasks (
        scope text primary key, root text generated always as
        (case instr(scope, '/') when 0 then scope else substr(scope, 1, instr(scope, '/') - 1) end) virtual, thread_id text not null,
        status text not null check (status in ('finished', 'paused', 'failed')),
        writes text, targets text, error text, updated_at real not null) without rowid;
INSERT INTO "tasks" VALUES('656519e4064446a8a09d068ceeb68f44','inside','paused',NULL,NULL,NULL,1.79539911513074302673e+09);
INSERT INTO "tasks" VALUES('656519e4064446a8a09d068ceeb68f44/graph graph:0/bd06451b948342b4b3a61661a9e825f6','inside','paused',NULL,NULL,NULL,1795399115.12789);
INSERT INTO "tasks" VALUES('741cf14316104342bd75b5bf9da91fc7','answered','paused',NULL,NULL,NULL,1.79539911503155708311e+09);
INSERT INTO "tasks" VALUES('8018cc1251494ce28e182673ed8b1397','answered','finished','[["log",["noted"]]]','[]',NULL,1.79539911502626204492e+09);
INSERT INTO "tasks" VALUES('ae2890cf256947daac24e2b610b50241','asked','finished','[["log",["noted"]]]','[]',NULL,1.79539911500849890708e+09);
INSERT INTO "tasks" VALUES('ede4383cc97c45ef96d506422c77d22e','asked','paused',NULL,NULL,NULL,1.79539911501506400113e+09);
CREATE TABLE threads (
        thread_id text primary key,
        status text not null check (status in ('idle', 'running', 'waiting', 'failed', 'done')),
        owner text, fence integer not null default 0,
        version integer not null default 0,
        created_at real not null, updated_at real not null);
INSERT INTO "threads" VALUES('asked','waiting',NULL,4166840447071404649,7,1.79539911500166606906e+09,1.79539911501506400113e+09);
INSERT INTO "threads" VALUES('answered','waiting',NULL,1980255644259879266,8,1.79539911502188706399e+09,1.79539911504426908488e+09);
INSERT INTO "threads" VALUES('inside','waiting',NULL,1372808192959450378,13,1.7953991150612220764e+09,1.79539911513074302673e+09);
INSERT INTO "threads" VALUES('done','done',NULL,7030612655243128793,17,1.79539911514848089216e+09,1.79539911524865698809e+09);
CREATE INDEX threads_running on threads (status) where status = 'running';
CREATE INDEX checkpoints_of_thread on checkpoints (thread_id, ns, seq);
CREATE INDEX tasks_of_thread on tasks (thread_id);
CREATE INDEX tasks_of_root on tasks (root);
CREATE UNIQUE INDEX interrupts_place on interrupts (scope, ordinal)
        where status not in ('superseded', 'cancelled');
CREATE INDEX interrupts_of_root on interrupts (root);
CREATE INDEX interrupts_news on interrupts (thread_id) where status = 'answered' and consumed = 0;
CREATE INDEX interrupts_of_thread on interrupts (thread_id, status);
CREATE INDEX interrupts_waiting on interrupts (status, kind) where status in ('waiting', 'reopened');
CREATE INDEX answers_of_interrupt on answers (interrupt_id);
CREATE INDEX claims_of_root on claims (root);
CREATE INDEX claims_of_thread on claims (thread_id, key);
CREATE UNIQUE INDEX inbox_message on inbox (team, channel, ts) where kind = 'message';
CREATE INDEX inbox_unread on inbox (thread_id, seq) where status = 'received';
CREATE INDEX posts_of_thread on posts (thread_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('checkpoints',10);
INSERT INTO "sqlite_sequence" VALUES('interrupts',6);
COMMIT;
