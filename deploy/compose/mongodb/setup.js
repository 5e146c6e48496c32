// Run by mongosh --nodb, at every start; doing it again changes nothing:
// begins the replica set where it is not begun, and makes one user a service that may read and
// write its own database and nothing else. A changed password in .env is taken over.
const SERVICES = ["registry", "request_intake", "volunteer_dispatch", "assessment"];
const HOST = process.env.MONGO_HOST || "mongodb:27017";
const NOT_YET_INITIALIZED = 94;
const ALREADY_INITIALIZED = 23;
const SECONDS = 120;

function wanted(name) {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set: fill it in in .env (deploy/compose/new-env.sh does)`);
  }
  return value;
}

function waitFor(what, attempt) {
  const end = Date.now() + SECONDS * 1000;
  for (;;) {
    let why = "not yet";
    try {
      const answer = attempt();
      if (answer) return answer;
    } catch (error) {
      why = error.message;
    }
    if (Date.now() > end) throw new Error(`not within ${SECONDS} s: ${what} (${why})`);
    sleep(500);
  }
}

const root = `root:${encodeURIComponent(wanted("MONGO_ROOT_PASSWORD"))}`;
const passwords = Object.fromEntries(
  SERVICES.map((service) => [service, wanted(`MONGO_${service.toUpperCase()}_PASSWORD`)]),
);
const uri = `mongodb://${root}@${HOST}/admin?directConnection=true&serverSelectionTimeoutMS=3000`;
const admin = waitFor("MongoDB lets the administrator in", () => {
  const database = new Mongo(uri).getDB("admin");
  return database.runCommand({ ping: 1 }).ok && database;
});

let started = true;
try {
  admin.adminCommand({ replSetGetStatus: 1 });
} catch (error) {
  if (error.code !== NOT_YET_INITIALIZED) throw error;
  started = false;
}
if (!started) {
  try {
    admin.adminCommand({
      replSetInitiate: { _id: "rs0", members: [{ _id: 0, host: HOST }] },
    });
    print("replica set rs0 begun");
  } catch (error) {
    if (error.code !== ALREADY_INITIALIZED) throw error;
  }
}
waitFor("the replica set has a primary", () => admin.runCommand({ hello: 1 }).isWritablePrimary);

for (const [service, pwd] of Object.entries(passwords)) {
  const name = `lianxin_${service}`;
  const database = admin.getSiblingDB(name);
  const user = { pwd, roles: [{ role: "readWrite", db: name }] };
  if (database.getUser(service)) {
    database.updateUser(service, user);
  } else {
    database.createUser({ user: service, ...user });
  }
  print(`user ${service} may use ${name} only`);
}
